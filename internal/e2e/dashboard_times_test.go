package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"roster/internal/sandbox"
	"roster/web/browsertest"
)

// The page tells how long it takes, by the browser's own clock: see docs/dashboard.md. Nothing here depends on how fast the machine is.
func TestDashboardTimes(t *testing.T) {
	t.Parallel()
	page := browsertest.OpenDashboard(t, theDemo(t).url+"/", browsertest.Look{Width: 1440, Height: 900, Compressed: true})
	page.Wait(".complete", "Complete.")
	var load struct{ FirstPaint, LastAnswer, Bytes float64 }
	err := json.Unmarshal([]byte(page.Evaluate(`(() => {
		const loaded = performance.getEntriesByType('resource');
		return {
			FirstPaint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
			LastAnswer: Math.max(...loaded.filter(({ name }) => name.endsWith('/graphql')).map(({ responseEnd }) => responseEnd)),
			Bytes: [...loaded, ...performance.getEntriesByType('navigation')].reduce((sum, { transferSize }) => sum + transferSize, 0),
		};
	})()`)), &load)
	if err != nil {
		t.Fatal(err)
	}
	if load.LastAnswer == 0 {
		t.Error("the page has asked for nothing")
	}
	t.Logf("the overview of 1000 people: first paint after %.0f ms, the last answer after %.0f ms, %.0f kB", load.FirstPaint, load.LastAnswer, load.Bytes/1000)

	s := system(t, sandbox.Worksection, smallCompany)
	p := serve(t, settingsOf(reading(sourceSettings(s.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	page.Visit(p.url + "/people")
	page.Wait(".connection", "Live")
	page.Wait(".table-body", "@")
	page.Evaluate(`(() => {
		const seen = new MutationObserver(() => {
			if (document.querySelector('.table-body').innerText.includes('Aaliyah ')) window.seenAt ??= Date.now();
		});
		seen.observe(document.querySelector('.table-body'), { childList: true, subtree: true, characterData: true });
	})()`)
	stream, _ := p.changes(t, "", "")
	stream.next() // that it is ready
	s.Rename("Aaliyah")
	for {
		_, data, ok := stream.next()
		if !ok {
			t.Fatal("the changes end")
		}
		if strings.Contains(data, `"Aaliyah `) {
			break
		}
	}
	told := time.Now()
	page.WaitFor(`window.seenAt !== undefined`)
	var seen int64
	if err := json.Unmarshal([]byte(page.Evaluate(`window.seenAt`)), &seen); err != nil {
		t.Fatal(err)
	}
	t.Logf("a change is in the table %d ms after the server has told it", time.UnixMilli(seen).Sub(told).Milliseconds())
}
