// Package export describes lists of the graph as CSV files: which columns there are, which query fetches the rows, and how a row is written. It knows GraphQL's
// schema and answers, and neither HTTP nor the directory.
//
// A column is the path of a field, such as teams.name. So a new field of the schema is a column without further code, and scopes, cost and completeness are those
// of the query.
package export
