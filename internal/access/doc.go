// Package access knows who the caller is and what they may do. It owns API keys and bearer tokens, their scopes, and the access log, which records who
// read or changed what. It checks the value of a header and not a request, so that every transport can use it. The schema and the resolvers define
// which field needs which scope. The package stores no token, and no error, log line or principal contains one.
package access
