// Package admission decides who gets in: how many operations run at a time, for one caller and in all, and how many requests a caller may send in a
// time. It knows a caller by a key, and neither what they ask nor who they are. It waits for nothing and nobody: what is shared with other replicas
// is settled in the background.
package admission
