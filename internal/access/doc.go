// Package access knows who is asking and what they may do. It owns API keys and bearer tokens, the scopes that they carry, and the record of who
// read or changed what. It judges a header's value and no request, so that every way in can ask it; which field needs which scope is the
// schema's affair, and the resolvers'. It keeps no token, and none is in an error, a log or a principal.
package access
