// Package sign answers visitors of a service that was stopped by hand, or is being worked on.
package sign

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"html"
	"net"
	"net/http"
	"strings"
)

// Config holds the service, the environment and the project, and of a service that is being worked on
// what visitors are told, too, which may be empty: a JSON list in lower-case base32.
// So no text of a user's is in a route document.
type Config struct {
	Names string `json:"names,omitempty"`
	// Body is how many bytes a request may have: it is passed on, and nobody is told of a service.
	Body int64 `json:"body,omitempty"`
}

func CreateConfig() *Config {
	return &Config{}
}

type sign struct {
	plain string
	page  string
	// What visitors of a service that is being worked on are told; empty for one that was stopped.
	said string
}

func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	if config.Body > 0 {
		return &limit{next: next, most: config.Body}, nil
	}
	encoding := base32.StdEncoding.WithPadding(base32.NoPadding)
	raw, err := encoding.DecodeString(strings.ToUpper(config.Names))
	if err != nil {
		return nil, err
	}
	names := []string{}
	if err := json.Unmarshal(raw, &names); err != nil {
		return nil, err
	}
	if len(names) == 4 {
		return atWork(names[3]), nil
	}
	if len(names) != 3 {
		return nil, errors.New("names are the service, the environment and the project")
	}
	where := " in " + names[1] + " of " + names[2]
	return &sign{
		plain: names[0] + where + " is not running right now.\n",
		page: strings.NewReplacer(
			"SERVICE", html.EscapeString(names[0]), "WHERE", html.EscapeString(where),
		).Replace(page),
	}, nil
}

// What is being worked on is called by the name that its visitor knows, and no other is told.
func atWork(message string) *sign {
	if message == "" {
		message = "Please come back later."
	}
	return &sign{
		plain: "HOST is being worked on. ",
		page:  workPage,
		said:  message,
	}
}

func (s *sign) atWork(request *http.Request) (string, string) {
	host := request.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	page := strings.NewReplacer("HOST", html.EscapeString(host), "MESSAGE", html.EscapeString(s.said))
	return strings.Replace(s.plain, "HOST", host, 1) + s.said + "\n", page.Replace(s.page)
}

func (s *sign) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	plain, page := s.plain, s.page
	if s.said != "" {
		plain, page = s.atWork(request)
	}
	body, kind := plain, "text/plain"
	if strings.Contains(request.Header.Get("Accept"), "text/html") {
		body, kind = page, "text/html"
	}
	header := response.Header()
	header.Set("Content-Type", kind+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Retry-After", "10")
	header.Set("X-Content-Type-Options", "nosniff")
	response.WriteHeader(http.StatusServiceUnavailable)
	if request.Method != http.MethodHead {
		_, _ = response.Write([]byte(body))
	}
}

const head = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<style>
:root { color-scheme: light dark }
body { display: grid; place-content: center; min-height: 90vh; margin: 0 1.5rem;
  font: 1.1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0; overflow-wrap: anywhere }
p { margin: .5rem 0; opacity: .7; overflow-wrap: anywhere }
</style>
`

const workPage = head + `<title>HOST is being worked on</title>
<h1>HOST is being worked on</h1>
<p>MESSAGE</p>
</html>
`

const page = head + `<title>SERVICE is not running</title>
<h1>SERVICE is not running right now</h1>
<p>It was taken out of serviceWHERE. Please come back later.</p>
</html>
`
