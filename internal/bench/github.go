package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// GitHub speaks to GitHub's REST API about one repository.
type GitHub struct {
	API   string // "https://api.github.com"
	Repo  string // owner/name
	Token string // sent in a header, never printed
}

const (
	githubTimeout  = 30 * time.Second
	githubPages    = 50 // of 100 comments
	githubMaxReply = 8 << 20
)

// call sends a request below the repository and decodes the answer into out, which may be nil.
func (g GitHub) call(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, githubTimeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return core.Errorf(core.Internal, "ask GitHub", path, "%w", err)
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(g.API, "/")+"/repos/"+g.Repo+path, reader)
	if err != nil {
		return core.Errorf(core.Invalid, "ask GitHub", path, "%w", err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	if g.Token != "" {
		req.Header.Set("Authorization", "Bearer "+g.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return core.Errorf(core.Unavailable, "ask GitHub", path, "%w", err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, githubMaxReply))
	if err != nil {
		return core.Errorf(core.Unavailable, "ask GitHub", path, "%w", err)
	}
	if resp.StatusCode >= 300 {
		return core.Errorf(statusCode(resp.StatusCode), "ask GitHub", path, "%s", resp.Status)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(reply, out); err != nil {
		return core.Errorf(core.Corrupt, "ask GitHub", path, "%w", err)
	}
	return nil
}

func statusCode(status int) core.Code {
	switch {
	case status == http.StatusNotFound:
		return core.NotFound
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return core.Denied
	case status >= 500 || status == http.StatusTooManyRequests:
		return core.Unavailable
	}
	return core.Invalid
}

// permission is what a user may do in the repository: admin, write, read, none. Who is no collaborator has none.
func (g GitHub) permission(ctx context.Context, user string) (string, error) {
	if user == "" {
		return "", core.Errorf(core.Invalid, "ask GitHub", "permission", "no user is named")
	}
	var reply struct{ Permission string }
	err := g.call(ctx, http.MethodGet, "/collaborators/"+url.PathEscape(user)+"/permission", nil, &reply)
	if core.Is(err, core.NotFound) {
		return "none", nil
	}
	return reply.Permission, err
}

// Post updates the comment with the marker on a pull request in place, or creates it.
func (g GitHub) Post(ctx context.Context, pr int64, text string) (created bool, err error) {
	for page := 1; page <= githubPages; page++ {
		var comments []struct {
			ID   int64
			Body string
		}
		if err := g.call(ctx, http.MethodGet, fmt.Sprintf("/issues/%d/comments?per_page=100&page=%d", pr, page), nil, &comments); err != nil {
			return false, err
		}
		for _, c := range comments {
			if strings.HasPrefix(c.Body, Marker) {
				return false, g.call(ctx, http.MethodPatch, fmt.Sprintf("/issues/comments/%d", c.ID), map[string]string{"body": text}, nil)
			}
		}
		if len(comments) < 100 {
			break
		}
	}
	return true, g.call(ctx, http.MethodPost, fmt.Sprintf("/issues/%d/comments", pr), map[string]string{"body": text}, nil)
}

// Exists reports whether something below the repository is there, such as "/branches/benchmarks".
func (g GitHub) Exists(ctx context.Context, path string) (bool, error) {
	err := g.call(ctx, http.MethodGet, path, nil, nil)
	if core.Is(err, core.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// head is the commit that a pull request would merge: that which was looked at when the run was asked for, where the event
// says it.
func (g GitHub) head(ctx context.Context, r *request) (string, error) {
	pr := r.PR
	var reply struct{ Head struct{ SHA string } }
	if reply.Head.SHA = r.Head; reply.Head.SHA == "" {
		if err := g.call(ctx, http.MethodGet, fmt.Sprintf("/pulls/%d", pr), nil, &reply); err != nil {
			return "", err
		}
	}
	if !isCommit(reply.Head.SHA) {
		return "", core.Errorf(core.Corrupt, "ask GitHub", fmt.Sprintf("pull request %d", pr), "it names no commit")
	}
	return reply.Head.SHA, nil
}

// isCommit reports whether s is a whole commit id: outputs of a workflow hold nothing else.
func isCommit(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && (len(s) == 40 || len(s) == 64)
}
