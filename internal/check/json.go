package check

import (
	"encoding/json"
	"io"
	"math"

	"roster/connectors"
)

// The form of the reports in JSON, which docs/running.md describes.
type (
	document struct {
		OK          bool         `json:"ok"`
		Interrupted bool         `json:"interrupted"`
		Sources     []sourceForm `json:"sources"`
	}
	sourceForm struct {
		Name        string           `json:"name"`
		Kind        string           `json:"kind"`
		OK          bool             `json:"ok"`
		Reachable   string           `json:"reachable"`
		Credential  string           `json:"credential"`
		Error       *string          `json:"error"`
		Seconds     float64          `json:"seconds"`
		Collections []collectionForm `json:"collections"`
		Findings    []findingForm    `json:"findings"`
	}
	collectionForm struct {
		Name      string               `json:"name"`
		State     string               `json:"state"`
		Records   int                  `json:"records"`
		Expected  *int                 `json:"expected"`
		Error     *string              `json:"error"`
		Anomalies []connectors.Anomaly `json:"anomalies"`
		Coverage  []coverageForm       `json:"coverage"`
	}
	coverageForm struct {
		Field    string   `json:"field"`
		State    string   `json:"state"`
		FillRate *float64 `json:"fill_rate"`
	}
	findingForm struct {
		What string `json:"what"`
		OK   bool   `json:"ok"`
		Note string `json:"note"`
	}
)

// PrintJSON writes the reports as one JSON document. Interrupted says that somebody ended the check.
func PrintJSON(w io.Writer, reports []Report, interrupted bool) error {
	d := document{OK: len(Failing(reports)) == 0 && !interrupted, Interrupted: interrupted, Sources: []sourceForm{}}
	for i := range reports {
		d.Sources = append(d.Sources, reports[i].form())
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func (r *Report) form() sourceForm {
	f := sourceForm{
		Name: r.Source.Name, Kind: string(r.Source.Kind), OK: r.OK(), Reachable: known(reached(r)), Credential: known(accepted(r)),
		Error: text(r.Err, r.Cut != nil), Seconds: math.Round(r.Took.Seconds()*1000) / 1000, Collections: []collectionForm{}, Findings: []findingForm{},
	}
	for i := range r.Collections {
		c := &r.Collections[i]
		anomalies := c.Anomalies
		if anomalies == nil {
			anomalies = []connectors.Anomaly{}
		}
		coverage := []coverageForm{}
		for _, f := range r.coverage(c) {
			coverage = append(coverage, coverageForm{string(f.Field), f.Coverage.String(), f.Rate})
		}
		f.Collections = append(f.Collections, collectionForm{c.Kind.String(), c.state(), c.Count, c.Expected, text(c.Err, c.short()), anomalies, coverage})
	}
	for _, finding := range r.Findings {
		f.Findings = append(f.Findings, findingForm(finding))
	}
	return f
}

// state returns complete, incomplete, failed or cut_short.
func (c *Collection) state() string {
	switch {
	case c.short():
		return "cut_short"
	case c.Err != nil:
		return "failed"
	case !c.Complete:
		return "incomplete"
	}
	return "complete"
}

// known returns a word of the table, and unknown for its question mark.
func known(word string) string {
	if word == "?" {
		return "unknown"
	}
	return word
}

// text returns the error's text; nil if there is none, or if only the end of the check has caused it.
func text(e *connectors.Error, cut bool) *string {
	if e == nil || cut {
		return nil
	}
	return new(e.Error())
}
