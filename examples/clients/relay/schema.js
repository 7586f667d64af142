// Fetches the schema from the server, because the Relay compiler reads it from a file.
import { writeFile } from "node:fs/promises";

const answer = await fetch(`${process.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/schema.graphql`);
if (!answer.ok) throw new Error(`${answer.url} answers with status ${answer.status}`);
await writeFile("schema.graphql", await answer.text());
