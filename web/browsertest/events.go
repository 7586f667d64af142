package browsertest

// Follow opens an EventSource at a path of the page's server, and notes its events of these types.
func (p *Page) Follow(path string, types ...string) {
	p.t.Helper()
	p.wait("open an EventSource", `(path, ...types) => {
		window.events = []
		const source = new EventSource(path)
		for (const type of types) source.addEventListener(type, (e) => window.events.push(type + ' ' + e.data))
		return true
	}`, append([]any{path}, anyOf(types)...)...)
}

// WaitEvents waits until the EventSource has had that many events, and returns them: type and data.
func (p *Page) WaitEvents(n int) []string {
	p.t.Helper()
	p.wait("wait for events", `(n) => window.events.length >= n`, n)
	return get[[]string](p, "read the events", `window.events`)
}
