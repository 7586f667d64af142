import { ask, type SourceError } from "./ask";
import { graphql } from "./gql";
import type { FreshnessFragment, PeopleQueryVariables } from "./gql/graphql";

const peopleQuery = graphql(`
  query People($search: String, $after: String) {
    users(first: 25, after: $after, filter: { search: $search }) {
      totalCount
      edges { node { id name title } }
      pageInfo { hasNextPage endCursor }
      completeness { ...Freshness }
    }
  }
  fragment Freshness on Completeness {
    stale { name }
    asOf
  }
`);

const personQuery = graphql(`
  query Person($id: ID!) {
    user(by: { id: $id }) {
      name
      title
      email
      accounts { name externalId active source { name } }
      completeness { ...Freshness }
    }
  }
`);

const find = <E extends HTMLElement>(selector: string) => document.querySelector<E>(selector)!;
const [banner, alert] = [find("[role=status]"), find("[role=alert]")];
const [people, person] = [find("#people"), find("#person")];
const [search, list, more] = [find<HTMLInputElement>("input"), find("#people ul"), find<HTMLButtonElement>("button")];

let running = new AbortController();

// load ends what still runs, so that no earlier answer replaces a later one.
async function load(work: (signal: AbortSignal) => Promise<void>) {
  running.abort();
  const { signal } = (running = new AbortController());
  try {
    await work(signal);
    alert.hidden = true;
  } catch (error) {
    if (signal.aborted) return;
    alert.textContent = String(error);
    alert.hidden = false;
  }
}

async function showPeople(variables: PeopleQueryVariables, signal: AbortSignal) {
  const { data, sourceErrors } = await ask(peopleQuery, variables, signal);
  if (!data.users) return;
  const { edges, pageInfo, totalCount, completeness } = data.users;
  const rows = edges.map(({ node }) => {
    const link = Object.assign(document.createElement("a"), { href: `#${encodeURIComponent(node.id)}`, textContent: node.name });
    return element("li", link, ` ${node.title ?? ""}`);
  });
  if (variables.after) list.append(...rows);
  else list.replaceChildren(...rows);
  find("#count").textContent = `${totalCount} people`;
  more.hidden = !pageInfo.hasNextPage;
  more.onclick = () => load((signal) => showPeople({ ...variables, after: pageInfo.endCursor }, signal));
  showBanner(sourceErrors, completeness);
}

async function showPerson(id: string, signal: AbortSignal) {
  const { data, sourceErrors } = await ask(personQuery, { id }, signal);
  const user = data.user;
  find("#person h1").textContent = user?.name ?? "There is no such person.";
  find("#person p").textContent = [user?.title, user?.email].filter(Boolean).join(", ");
  const accounts = user?.accounts.map(({ source, name, externalId, active }) =>
    element("li", `${source.name}: ${name} (${externalId})${active ? "" : ", inactive"}`),
  );
  find("#person ul").replaceChildren(...(accounts ?? []));
  showBanner(sourceErrors, user?.completeness);
}

// showBanner says which sources are missing or stale, and how old the data is. It hides the banner if all sources are there.
function showBanner(errors: SourceError[], freshness?: FreshnessFragment) {
  const lines = errors.map(({ message, extensions: { retryAfter } }) =>
    retryAfter === undefined ? message : `${message}, next attempt in ${retryAfter} s`,
  );
  for (const { name } of freshness?.stale ?? []) lines.push(`${name} is stale: its last fetch failed or is overdue`);
  banner.hidden = lines.length === 0;
  if (freshness?.asOf) lines.push(`The oldest data is ${Math.round((Date.now() - Date.parse(freshness.asOf)) / 60_000)} min old`);
  banner.replaceChildren(...lines.map((line) => element("p", line)));
}

function element(tag: string, ...children: (Node | string)[]) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

// The fragment of the address is the ID of the person to show.
function navigate() {
  const id = decodeURIComponent(location.hash.slice(1));
  people.hidden = Boolean(id);
  person.hidden = !id;
  load((signal) => (id ? showPerson(id, signal) : showPeople({ search: search.value }, signal)));
}

search.addEventListener("input", navigate);
addEventListener("hashchange", navigate);
navigate();
