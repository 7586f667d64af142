import { Component, StrictMode, Suspense, useSyncExternalStore, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { RelayEnvironmentProvider } from "react-relay";
import { environment } from "./environment";
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

// Relay throws the errors of requests while it renders.
class ErrorBoundary extends Component<{ children: ReactNode }, { error?: Error }> {
  state: { error?: Error } = {};
  static getDerivedStateFromError = (error: Error) => ({ error });
  render = () => (this.state.error ? <p role="alert">{this.state.error.message}</p> : this.props.children);
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <RelayEnvironmentProvider environment={environment}>
      <ErrorBoundary>
        <Suspense fallback={<p>Loading</p>}>
          <App />
        </Suspense>
      </ErrorBoundary>
    </RelayEnvironmentProvider>
  </StrictMode>,
);
