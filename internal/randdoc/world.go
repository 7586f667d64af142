package randdoc

import (
	"maps"
	"slices"
	"strings"
)

// World is what exists in the data, so that queries can name it.
type World struct {
	// ids are of objects of any type; words, of names, titles, folders and the like; addresses, of people and contacts; own, what sources call their records;
	// times, when records were created or changed.
	ids, words, addresses, sources, own, times []string
	cursors                                    map[string][]string // by the type of the list's items
	idsOf                                      map[string][]string // by the type of the object
}

// Survey is a query over Roster's graph whose data NewWorld reads.
const Survey = `{
	users(first: 500) { edges { cursor node { __typename id name title department email emails { address } locale createdAt
		accounts { id externalId name username email } teams { id name } roles { id externalId name } } } }
	teams(first: 500) { edges { cursor node { __typename id externalId name } } }
	roles(first: 500) { edges { cursor node { __typename id externalId name } } }
	contacts(first: 500) { edges { cursor node { __typename id externalId name title email tags createdAt updatedAt } } }
	contactFolders(first: 500) { edges { cursor node { __typename id externalId name } } }
	sources { id source: name }
}`

// NewWorld returns the world that the data of an answer to Survey shows.
func NewWorld(data any) *World {
	w := &World{cursors: make(map[string][]string), idsOf: make(map[string][]string)}
	w.read("", data)
	for _, list := range []*[]string{&w.ids, &w.words, &w.addresses, &w.sources, &w.own, &w.times} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return w
}

func (w *World) read(key string, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			w.read(key, item)
		}
	case map[string]any:
		if cursor, ok := v["cursor"].(string); ok {
			node, _ := v["node"].(map[string]any)
			item, _ := node["__typename"].(string)
			w.cursors[item] = append(w.cursors[item], cursor)
		}
		id, _ := v["id"].(string)
		if object, ok := v["__typename"].(string); ok && id != "" {
			w.idsOf[object] = append(w.idsOf[object], id)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.read(key, v[key])
		}
	case string:
		switch key {
		case "id":
			w.ids = append(w.ids, v)
		case "email", "address":
			w.addresses = append(w.addresses, v)
		case "source":
			w.sources = append(w.sources, v)
		case "externalId":
			w.own = append(w.own, v)
		case "createdAt", "updatedAt":
			w.times = append(w.times, v)
		case "cursor", "__typename":
		default:
			w.words = append(w.words, v)
		}
	}
}

// cursorsOf returns the cursors of a connection by the name of its type, which may have a prefix.
func (w *World) cursorsOf(connection string) []string {
	return ofType(w.cursors, strings.TrimSuffix(connection, "Connection"))
}

// idsFor returns the IDs that a field of this type finds: those of its objects, or all of them if the type says nothing.
func (w *World) idsFor(typeName string) []string {
	if ids := ofType(w.idsOf, typeName); ids != nil {
		return ids
	}
	return w.ids
}

// ofType returns what there is of a type, whose name may have a prefix.
func ofType(all map[string][]string, typeName string) []string {
	longest := ""
	for name := range all {
		if strings.HasSuffix(typeName, name) && len(name) > len(longest) {
			longest = name
		}
	}
	return all[longest]
}
