// Package admission decides who gets in: how many requests a caller may send in a time, and what one caller and all together may hold at a time of what
// they share, such as operations under way and the bytes of answers. It knows a caller by a key, and neither what they ask nor who they are. It waits for
// nothing and nobody: what is shared with other replicas is settled in the background.
package admission
