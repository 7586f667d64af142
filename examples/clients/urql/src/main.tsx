import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { client } from "./client";
import { People } from "./People";
import { Person } from "./Person";

// The fragment of the address is the ID of the person to show. An application has a router instead.
function App() {
  const id = useSyncExternalStore(onHashChange, () => decodeURIComponent(location.hash.slice(1)));
  return id ? <Person id={id} /> : <People />;
}

function onHashChange(listener: () => void) {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Provider value={client}>
      <App />
    </Provider>
  </StrictMode>,
);
