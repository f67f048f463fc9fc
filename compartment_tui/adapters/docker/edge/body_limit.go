package sign

import (
	"errors"
	"io"
	"net/http"
)

// limit refuses requests that are too large, and passes all others on as they come: Traefik's own
// middleware for this keeps every request and every answer until it is whole, streams included.
type limit struct {
	next http.Handler
	most int64
}

func (l *limit) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	if request.ContentLength > l.most {
		response.Header().Set("Content-Type", "text/plain; charset=utf-8")
		response.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = response.Write([]byte("the request is too large\n"))
		return
	}
	if request.ContentLength < 0 { // it is not said how large it is: seen on the way
		body := &counted{body: request.Body, left: l.most}
		request.Body = body
		response = &judged{ResponseWriter: response, body: body}
	}
	l.next.ServeHTTP(response, request)
}

type counted struct {
	body io.ReadCloser
	left int64
	over bool
}

func (c *counted) Read(buffer []byte) (int, error) {
	count, err := c.body.Read(buffer)
	c.left -= int64(count)
	if c.left < 0 {
		c.over = true
		return 0, errors.New("the request is too large")
	}
	return count, err
}

func (c *counted) Close() error {
	return c.body.Close()
}

// judged says of a request that was cut why it has no answer.
type judged struct {
	http.ResponseWriter
	body *counted
}

func (j *judged) WriteHeader(status int) {
	if j.body.over && status >= http.StatusInternalServerError {
		status = http.StatusRequestEntityTooLarge
	}
	j.ResponseWriter.WriteHeader(status)
}
