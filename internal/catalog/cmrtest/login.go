package cmrtest

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// known is whether a request says who asks, in a way that Earthdata Login takes.
func (s *Server) known(r *http.Request) bool {
	if user, pass, ok := r.BasicAuth(); ok {
		return user == s.User && pass == s.Pass
	}
	return r.Header.Get("Authorization") == "Bearer "+s.Token
}

// authorize sends those it knows back to the archive with a code.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.Unapproved && s.known(r):
		fmt.Fprint(w, "<!DOCTYPE html><title>Approve application</title>")
	case !s.known(r):
		http.Error(w, "HTTP Basic: Access denied.", http.StatusUnauthorized)
	default:
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?code=secret-code&state="+url.QueryEscape(r.URL.Query().Get("state")), http.StatusFound)
	}
}

func (s *Server) makeToken(w http.ResponseWriter, r *http.Request) {
	if !s.known(r) {
		refuse(w, http.StatusUnauthorized, "invalid credentials")
		return
	}
	writeJSON(w, map[string]any{"access_token": s.Token, "token_type": "Bearer", "expiration_date": "01/31/2027"})
}

// credentials gives a key to those with a cookie or a token and sends others to log in.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("accessToken")
	bearer := r.Header.Get("Authorization")
	switch {
	case err == nil && cookie.Value == "secret-cookie", bearer == "Bearer "+s.Token && !s.NoBearer:
	case bearer != "" && !s.NoBearer:
		http.Error(w, `{"error":"token"}`, http.StatusUnauthorized)
		return
	default:
		q := url.Values{"client_id": {"archive"}, "response_type": {"code"}, "redirect_uri": {s.Archive.URL + "/login"}, "state": {"/s3credentials"}}
		http.Redirect(w, r, s.URL+"/oauth/authorize?"+q.Encode(), http.StatusFound)
		return
	}
	s.mu.Lock()
	s.keys++
	n := s.keys
	s.mu.Unlock()
	expiration := s.Expiration
	if expiration == "" {
		expiration = time.Now().Add(s.Lifetime).UTC().Format("2006-01-02 15:04:05+00:00")
	}
	writeJSON(w, map[string]any{"accessKeyId": fmt.Sprintf("ASIA%d", n), "secretAccessKey": "secret-key", "sessionToken": "secret-session", "expiration": expiration})
}

func (s *Server) archiveLogin(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("code") != "secret-code" {
		http.Error(w, "no code", http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "accessToken", Value: "secret-cookie", Path: "/"})
	http.Redirect(w, r, r.URL.Query().Get("state"), http.StatusTemporaryRedirect)
}
