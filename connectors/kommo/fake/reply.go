package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

func (c *call) json(status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a value of a custom field that is no JSON
		c.html(http.StatusInternalServerError, "500 Internal Server Error")
		return
	}
	c.write(status, contentType, body)
}

func (c *call) text(status int, line string) {
	c.write(status, "text/plain; charset=utf-8", []byte(line))
}

func (c *call) html(status int, title string) {
	c.write(status, "text/html; charset=utf-8",
		fmt.Appendf(nil, "<html><head><title>%[1]s</title></head><body><h1>%[1]s</h1></body></html>", title))
}

func (c *call) blockPage() { c.html(http.StatusForbidden, "403 Forbidden") }

func (c *call) write(status int, contentType string, body []byte) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client may have gone
}

// problem is an error in Kommo's format.
type problem struct {
	Title      string `json:"title"`
	Type       string `json:"type"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after,omitempty"`
}

var portuguese = map[int]string{
	http.StatusBadRequest:          "Requisição inválida",
	http.StatusUnauthorized:        "Não autorizado",
	http.StatusPaymentRequired:     "Pagamento necessário",
	http.StatusForbidden:           "Acesso negado",
	http.StatusNotFound:            "Não encontrado",
	http.StatusMethodNotAllowed:    "Método não permitido",
	http.StatusUnprocessableEntity: "Não foi possível processar",
	http.StatusTooManyRequests:     "Muitas requisições",
}

func (c *call) newProblem(status int) problem {
	title := http.StatusText(status)
	if t, ok := portuguese[status]; ok && c.options.Portuguese {
		title = t
	}
	p := problem{Title: title, Type: "https://httpstatus.es/" + strconv.Itoa(status), Status: status, Detail: title + "."}
	if status == http.StatusUnauthorized && !c.options.Portuguese {
		p.Detail = "Invalid user name or password" // whatever was wrong with the token
	}
	return p
}

func (c *call) problem(status int) { c.json(status, "application/problem+json", c.newProblem(status)) }

func (c *call) tooMany() {
	seconds := orElse(c.options.RetryAfter, defaultRetryAfter)
	if c.options.RetryAfterHeader {
		c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	if c.options.PlainTooMany {
		c.text(http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	p := c.newProblem(http.StatusTooManyRequests)
	p.RetryAfter = seconds
	c.json(http.StatusTooManyRequests, "application/problem+json", p)
}
