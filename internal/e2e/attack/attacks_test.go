//go:build linux

package attack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// attack is one request, or a way of sending one, that asks for too much or comes from the wrong place.
type attack struct {
	name string
	do   func(p *target, client *http.Client) answer
	// status and says are what becomes of it; says is part of the answer.
	status int
	says   string
}

func times(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

func document(text string, variables ...any) string {
	request := map[string]any{"query": text}
	if len(variables) > 0 {
		request["variables"] = variables[0]
	}
	body, err := json.Marshal(request)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// limit is what an answer says that names a limit and its number.
func limit(name string, maximum int) string {
	return fmt.Sprintf(`"limit":"%s","maximum":%d`, name, maximum)
}

func byPost(body string, header ...string) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) answer {
		return p.send(c, http.MethodPost, "", strings.NewReader(body), header...)
	}
}

func byGet(text string, header ...string) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) answer {
		return p.send(c, http.MethodGet, "?query="+url.QueryEscape(text), nil, header...)
	}
}

// overSocket sends an operation over a WebSocket, and gives the first message that answers it.
func overSocket(text string, origin ...string) func(*target, *http.Client) answer {
	return func(p *target, _ *http.Client) answer {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		opt := &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{}}
		for _, o := range origin {
			opt.HTTPHeader.Set("Origin", o)
		}
		conn, resp, err := websocket.Dial(ctx, "ws://"+p.address+"/graphql", opt)
		if err != nil {
			if resp == nil {
				return answer{body: err.Error()}
			}
			return answer{resp.StatusCode, err.Error()}
		}
		defer conn.CloseNow() //nolint:errcheck // it has said enough
		conn.SetReadLimit(8 << 20)
		var last []byte
		for _, m := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + document(text) + `}`} {
			if err := conn.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
				// The server closes in the middle of a message that is too large. What it says then may be lost with the connection.
				return answer{int(websocket.StatusMessageTooBig), err.Error()}
			}
			if _, last, err = conn.Read(ctx); err != nil {
				return answer{int(websocket.CloseStatus(err)), err.Error()}
			}
		}
		return answer{200, string(last)}
	}
}

// raw writes bytes to a connection, and gives what the server says until it closes or is silent.
func raw(write func(net.Conn, string)) func(*target, *http.Client) answer {
	return func(p *target, _ *http.Client) answer {
		c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.address)
		if err != nil {
			return answer{body: err.Error()}
		}
		defer c.Close()                         //nolint:errcheck // it has said enough
		c.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // a connection has one
		write(c, p.address)
		said, err := io.ReadAll(io.LimitReader(c, 1<<20))
		if err, ok := err.(net.Error); ok && err.Timeout() { //nolint:errorlint // it is not wrapped
			return answer{-1, "the server lets it go on"}
		}
		a := answer{0, string(said)}
		fmt.Sscanf(a.body, "HTTP/1.1 %d", &a.status) //nolint:errcheck // then it has said nothing
		return a
	}
}

// endless is a body of that many bytes.
func endless(n int64) io.Reader { return io.LimitReader(spaces{}, n) }

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func nested(n int) any {
	var v any = "x"
	for range n {
		v = map[string]any{"x": v}
	}
	return map[string]any{"v": v}
}

const aliases = "{ users(first: 1) { nodes { # } } }"

// entities asks for the same representations 100 times.
var entities = "query($r: [_Any!]!) {" + times(100, " a#: _entities(representations: $r) { __typename }") + "}"

func representations(n int, id string) any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"__typename": "User", "id": id}
	}
	return map[string]any{"r": list}
}

// contacts makes the same contact six times.
var contacts = "mutation($p: [PhoneInput!]) {" + times(6, ` a#: createContact(input: {source: "worksection", name: "x", email: "x", phones: $p}) { userErrors { field code message } }`) + "}"

func phones(n int) any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"number": "x"}
	}
	return map[string]any{"p": list}
}

// attacks are all of them. Those that take long are last.
func attacks() []attack {
	many := strings.Replace(aliases, "#", times(1000, "a#: name "), 1)
	doubling := "{ ...F0 } "
	for i := range 20 {
		doubling += fmt.Sprintf("fragment F%d on Query { ...F%d ...F%d } ", i, i+1, i+1)
	}
	unfinished := doubling // the last of them is missing
	doubling += "fragment F20 on Query { viewer { subject } }"
	chain := "{ viewer { ...F0 } } " + times(5000, "fragment F# on Viewer { ...F# } ")
	return append(slices.Clip(bombs()), []attack{
		{"1,000 aliases", byPost(document(many)), 200, limit("aliases", 200)},
		{"1,000 aliases by GET", byGet(many), 200, limit("aliases", 200)},
		{"1,000 aliases over a WebSocket", overSocket(many), 200, limit("aliases", 200)},
		{"a field 10,000 times", byPost(document("{ viewer {" + times(10_000, " subject") + " } }")), 200, limit("tokens", 5000)},
		{"a field 4,000 times", byPost(document("{ viewer {" + times(4000, " subject") + " } }")), 200, limit("fields", 2000)},
		{"a field 1,900 times", byPost(document("{ viewer {" + times(1900, " subject") + " } }")), 200, limit("pairs", 20_000)},
		{"20 doubling fragments", byPost(document(doubling)), 200, limit("fields", 2000)},
		{"20 doubling fragments without the last", byPost(document(unfinished)), 200, limit("fields", 2000)},
		{"5,000 fragments in a chain", byPost(document(chain)), 200, limit("tokens", 5000)},
		{"depth 240", byPost(document(strings.Repeat("{ users { nodes { teams { members ", 60) + "{ totalCount }" + strings.Repeat(" } } } }", 60))), 200, limit("depth", 12)},
		{"directives by the thousand", byPost(document("{ viewer { subject" + strings.Repeat(" @include(if: true)", 700) + " } }")), 200, limit("directives", 200)},
		{"and more", byPost(document("{ viewer { subject" + strings.Repeat(" @include(if: true)", 5000) + " } }")), 200, limit("tokens", 5000)},
		{"four pages in each other", byPost(document("{ users(first: 500) { nodes { teams { members(first: 500) { nodes { teams { members(first: 500) { nodes { id } } } } } } } } }")), 200, limit("cost", 500_000)},
		{"a batch", byPost("[" + strings.TrimSuffix(strings.Repeat(plain+",", 100), ",") + "]"), 400, "BAD_REQUEST"},
		{"150,000 tokens", byPost(document("{" + times(150_000, " a") + " }")), 200, limit("tokens", 5000)},
		{"nothing but brackets", byPost(document("{ users(filter: " + strings.Repeat("[", 400_000))), 200, `"LIMIT_EXCEEDED"`},
		{"2 MB of {a", byPost(document(strings.Repeat("{a", 1_000_000))), 413, limit("body_bytes", 1<<20)},
		{"1 MB of {a", byPost(document(strings.Repeat("{a", 500_000))), 200, `"LIMIT_EXCEEDED"`},
		{"a query of 100 kB by GET", byGet("{a#" + strings.Repeat("x", 100_000)), 431, ""},
		{"50 MB without a length", raw(func(c net.Conn, host string) {
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", host, 50<<20)
			io.Copy(c, endless(1<<20+100_000)) //nolint:errcheck // the server has had enough of them
		}), 413, limit("body_bytes", 1<<20)},
		{"50 MB with a length", raw(func(c net.Conn, host string) {
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", host, 50<<20)
		}), 413, limit("body_bytes", 1<<20)},
		{"20,000 headers", raw(func(c net.Conn, host string) {
			fmt.Fprintf(c, "GET /graphql?query={__typename} HTTP/1.1\r\nHost: %s\r\n", host)
			io.WriteString(c, times(20_000, "X-#: y\r\n")+"\r\n") //nolint:errcheck // the server may have had enough
		}), 431, ""},
		{"deep variables", byPost(document("query($v: JSON) { viewer { subject } }", nested(200))), 200, limit("variables_depth", 16)},
		{"deeper ones", byPost(`{"query":"{ __typename }","variables":` + strings.Repeat("[", 500_000)), 400, "BAD_REQUEST"},
		{"long variables", byPost(document("{ __typename }", map[string]any{"v": strings.Repeat("x", 600<<10)})), 200, limit("variables_bytes", 512<<10)},
		{"a number out of range", byPost(document("query($n: Int) { users(first: $n) { totalCount } }", map[string]any{"n": 1 << 40})), 200, "BAD_USER_INPUT"},
		{"one in the document", byPost(document("{ users(first: 99999999999999999999) { totalCount } }")), 200, `"errors"`},
		{"as many errors as there can be", byPost(document("{ viewer {" + times(1950, " e#") + " } }")), 200, limit("errors", 100)},
		{"2,300 undefined variables", byPost(document("query " + strings.Repeat("n", 200) + " { users {" + times(800, " a: totalCount @skip(if: $v#)") + "} }")), 200, `"LIMIT_EXCEEDED"`},
		{"500 kB of text in 300 operations", byPost(document(`fragment F on Query { users(first: "` + strings.Repeat("a", 500<<10) + `") { totalCount } } ` + times(300, "query Q# { ...F } "))), 200, "GRAPHQL_VALIDATION_FAILED"},
		{"65,000 items in a filter", byPost(document("query($f: UserFilter) { users(filter: $f) { totalCount } }",
			map[string]any{"f": map[string]any{"accounts": make([]struct{}, 65_000)}})), 200, limit("list_items", 5000)},
		{"65,000 items in a list in a list", byPost(document("query($v: JSON) { users { totalCount } }", map[string]any{"v": [][]int{make([]int, 65_000)}})), 200, limit("list_items", 5000)},
		{"a mutation by GET", byGet("mutation { inviteUser }"), 200, "GRAPHQL_VALIDATION_FAILED"},
		{"a form", byPost("query=%7B__typename%7D", "Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		{"a text", byPost(plain, "Content-Type", "text/plain"), 415, "application/json"},
		{"a multipart form", byPost("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n"+plain+"\r\n--x--", "Content-Type", "multipart/form-data; boundary=x"), 415, "application/json"},
		{"a foreign origin", byPost(plain, "Origin", "https://evil.example"), 403, "FORBIDDEN_ORIGIN"},
		{"one by GET", byGet("{ __typename }", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), 403, "FORBIDDEN_ORIGIN"},
		{"one over a WebSocket", overSocket("{ __typename }", "https://evil.example"), 403, ""},
		{"another name for this machine", raw(func(c net.Conn, _ string) {
			io.WriteString(c, "GET /graphql?query={__typename} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n") //nolint:errcheck // it is a few bytes
		}), 421, "BAD_REQUEST"},
		{"no JSON", byPost(`{"query": "{ __typename }"`), 400, "BAD_REQUEST"},
		{"no UTF-8", byPost("{\"query\": \"{ __typename } # \xc3\x28\"}"), 400, "UTF-8"},
		{"text after the JSON", byPost(plain + "x"), 400, "BAD_REQUEST"},
		{"a message of 2 MB over a WebSocket", overSocket("{ __typename } #" + strings.Repeat("x", 2<<20)), 1009, ""},
		{"slow headers", raw(func(c net.Conn, host string) {
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nX-Slow: ", host)
		}), 0, ""},
		{"a silent connection", raw(func(net.Conn, string) {}), 0, ""},
		{"a slow body", raw(func(c net.Conn, host string) {
			fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", host)
		}), 408, limit("min_rate", 4096)},
	}...)
}
