package rocketchat

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// maxIDs bounds the length of the request line: the documents name no limit.
const maxIDs = 100

// How a server takes several IDs. Both ways are documented; some versions before 8.5 take ids=a,b for one ID.
const (
	idsUntried int32 = iota
	idsByComma
	idsRepeated
)

// MaxIDs is how many IDs one call can take.
func (c *client) MaxIDs() int { return maxIDs }

// Presence asks who is there: GET users.presence, which tells of those who are not offline.
//
// A server that has presence switched off says the same as one on which everyone is offline, with one difference: it calls its empty
// answer full even when asked for IDs, and the empty answer for everyone is not to be believed at all, since a server's own bot is always
// there. So an empty full answer for IDs is held against the answer for everyone, and if that is empty too, reading presence is not supported.
func (c *client) Presence(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	if len(ids) == 0 {
		return c.presenceOfAll(ctx)
	}
	// Without IDs the server would tell of everyone.
	ids = slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" }))))
	all := make(map[string]connectors.Presence)
	for some := range slices.Chunk(ids, maxIDs) {
		of, err := c.presenceOf(ctx, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, of)
	}
	return all, nil
}

func (c *client) presenceOfAll(ctx context.Context) (map[string]connectors.Presence, error) {
	reply, err := c.askPresence(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(reply.of) == 0 {
		return nil, reply.resp.Fail(connectors.KindUnsupported, "presence is switched off on the server")
	}
	return reply.of, nil
}

func (c *client) presenceOf(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	reply, err := c.askFor(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(reply.of) == 0 && reply.full {
		everyone, err := c.presenceOfAll(ctx)
		if err != nil {
			return nil, err
		}
		reply.of = everyone
	}
	of := only(reply.of, ids)
	for _, id := range ids {
		if _, told := of[id]; !told && reply.nameless { // it may be the one whose row has no ID
			of[id] = connectors.Presence{State: connectors.PresenceUnknown}
		}
	}
	return of, nil
}

// askFor asks for IDs in the way that the server understands, and finds out which that is.
func (c *client) askFor(ctx context.Context, ids []string) (presenceReply, error) {
	byComma := url.Values{"ids": {strings.Join(ids, ",")}}
	repeated := url.Values{"ids": ids}
	known := c.idForm.Load()
	if known == idsRepeated || strings.Count(byComma.Get("ids"), ",") >= len(ids) { // an ID has a comma of its own
		return c.askPresence(ctx, repeated)
	}
	reply, err := c.askPresence(ctx, byComma)
	if len(ids) == 1 || (err != nil && !connectors.IsKind(err, connectors.KindInvalid)) {
		return reply, err
	}
	asked := len(only(reply.of, ids))
	if err == nil && asked > 0 && asked == len(reply.of) {
		c.idForm.Store(idsByComma)
		return reply, nil
	}
	if err == nil && asked == len(reply.of) && known == idsByComma {
		return reply, nil // they are all offline
	}
	// Refused, somebody else's, or empty on a server that has not shown yet that it understands commas.
	second, secondErr := c.askPresence(ctx, repeated)
	if secondErr != nil {
		if err == nil && connectors.IsKind(secondErr, connectors.KindInvalid) {
			return reply, nil
		}
		return presenceReply{}, secondErr
	}
	if n := len(only(second.of, ids)); n > 0 && n == len(second.of) {
		c.idForm.Store(idsRepeated)
	}
	return second, nil
}

// presenceReply is what the server said of whom.
type presenceReply struct {
	resp *rest.Response
	of   map[string]connectors.Presence
	full bool
	// nameless is true if somebody is there whose ID cannot be read.
	nameless bool
}

func (c *client) askPresence(ctx context.Context, query url.Values) (presenceReply, error) {
	resp, err := c.get(ctx, routePresence, query)
	if err != nil {
		return presenceReply{}, err
	}
	list, err := resp.Document()
	if err != nil {
		return presenceReply{}, err
	}
	found, err := rows(resp, list, "users")
	if err != nil {
		return presenceReply{}, err
	}
	full := list.Flag("full")
	reply := presenceReply{resp: resp, full: full == decode.Yes || full == decode.Unreadable} // when in doubt, the more careful way
	reply.of, reply.nameless = presenceByID(found)
	return reply, nil
}

func presenceByID(rows []decode.Value) (of map[string]connectors.Presence, nameless bool) {
	of = make(map[string]connectors.Presence, len(rows))
	for _, p := range rows {
		if id := rowID(p); id != "" {
			of[id] = convertPresence(p)
		} else if p.Has("_id") || !p.IsObject() {
			nameless = true
		}
	}
	return of, nameless
}

// only returns the presence of those who were asked for: a server that does not understand the question may tell of others.
func only(of map[string]connectors.Presence, ids []string) map[string]connectors.Presence {
	asked := make(map[string]connectors.Presence)
	for _, id := range ids {
		if p, ok := of[id]; ok {
			asked[id] = p
		}
	}
	return asked
}
