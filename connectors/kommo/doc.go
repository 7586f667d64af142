// Package kommo reads a Kommo account through its API v4: users as accounts, groups as teams, roles, and contacts. It owns Kommo's wire
// format, its paging, and the meaning of its replies. It does not know how often it is asked, what is kept of its answers, and who the
// people are in other sources. Nothing is written.
//
// A configuration names the account's own address (url) and a token: a long-lived one (access_token), which is used as given, or those of
// OAuth 2.0, which are renewed (oauth). Users and roles need a token of an administrator; groups and contacts do not.
//
// Names are not decoded from HTML: no page of the vendor mentions HTML entities in names, and no sample contains one.
package kommo
