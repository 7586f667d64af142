// Command whosees writes the page that says which scopes open which field of the schema.
package main

import (
	"fmt"
	"os"

	"roster/graph"
	"roster/resolvers"
)

const head = `# Who sees what

For operators and security reviewers: each field of the graph, and the scopes that a caller needs for it. ` + "`roster schema --who-sees`" + `
prints the same table. It is generated from the data by which the server denies fields: to change it, edit the schema.
[access.md](access.md) says what the scopes are for, and how callers get them.

- A caller also needs the scopes of each field on the way: ` + "`Phone.number` is below `User.phones`" + `.
- In [CSV files](export.md), [the dashboard](dashboard.md) and [changes](changes.md), a column, a value or the name of a changed
  field needs the same scopes as its field. [Webhooks to receivers](webhooks.md) have
  ` + "`directory:read`; with `sensitive: true`, also `directory:sensitive`" + `.
- A provenance is open, and says nothing but ` + "`DENIED`" + ` of a field whose scopes the caller does not have: no value, no account,
  no time. ` + "`FieldCoverage.fillRate`" + ` is null for such a field.
- No search, order, cursor or key uses a field that needs more than ` + "`directory:read`" + `. A filter by such a field needs its scopes: it is in the
  table with its input, and an operation that uses it without them is refused. Facets by such values are fields of their own.
- ` + "`/schema.graphql`" + ` and ` + "`_service` need `directory:schema` while `introspection`" + ` is off. The pages of the dashboard and the playground need
  no scope, but the data in them does. [Webhooks of sources](hooks.md) are protected by secrets of their own, and give no data.

` + "```text\n"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: whosees FILE")
		os.Exit(2)
	}
	table, err := resolvers.WhoSees(graph.Options{})
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(head+table+"```\n"), 0o644) //nolint:gosec // a document is for everybody
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "whosees:", err)
		os.Exit(1)
	}
}
