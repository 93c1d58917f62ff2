package hdfrest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// authenticate finds out who asks. Credentials that are given must be right; whoever gives none may read what is public.
func (c *call) authenticate() error {
	if c.User == "" {
		c.known, c.admin = true, true
		return nil
	}
	header := c.req.Header.Get("Authorization")
	if header == "" {
		if c.req.Trusted {
			c.is(c.User)
		}
		return nil
	}
	kind, text, _ := strings.Cut(header, " ")
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	user, password, ok := strings.Cut(string(pair), ":")
	if !strings.EqualFold(kind, "Basic") || err != nil || !ok {
		return errStatus(http.StatusUnauthorized, "the header Authorization is not Basic with user:password")
	}
	// All are compared whole and always, so that the time tells nothing.
	found := same(user, c.User) & same(password, c.Password)
	for name, word := range c.Users {
		found |= same(user, name) & same(password, word)
	}
	if found != 1 {
		return errStatus(http.StatusUnauthorized, "no such user and password")
	}
	c.is(user)
	return nil
}

// is notes who asks.
func (c *call) is(user string) {
	c.known, c.who = true, user
	c.admin = slices.Contains(c.Admins, user)
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// user is who asks, for answers that say it.
func (c *call) user() string {
	if c.who != "" {
		return c.who
	}
	return "anonymous"
}

// owner is who domains are said to belong to.
func (c *call) owner() string {
	if c.User != "" {
		return c.User
	}
	return "anonymous"
}

// allowed is an error where who asks may not read a name of what is not Guarded.
func (c *call) allowed(n Name) error {
	if c.known || c.Public(n) {
		return nil
	}
	return errStatus(http.StatusForbidden, "reading this needs credentials")
}
