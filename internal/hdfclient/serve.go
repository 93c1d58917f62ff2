package hdfclient

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// PasswordVariable is the environment variable with the password of a service's user.
const PasswordVariable = "ZAGG_HDF_PASSWORD"

// A Service is what is served, and to whom.
type Service struct {
	Root          string // folder or s3://bucket/prefix
	Bucket        string // its name for clients; "": that of s3://, else "local"
	Access        s3store.Options
	User          string   // may read everything; "": so may everybody
	PasswordFile  string   // whose first line is the user's password; "": PasswordVariable has it
	UsersFile     string   // more users, a line name:password each; "": none
	Public        []string // folders and domains that may be read without credentials
	Write         bool     // domains in HSDS's storage may be made, changed and removed
	Unconditional bool     // also where the store does not keep the conditions of a PUT
}

// Open opens the root and gives what answers requests.
func (s *Service) Open(ctx context.Context) (http.Handler, error) {
	password, err := s.password()
	if err != nil {
		return nil, err
	}
	users, err := s.users()
	if err != nil {
		return nil, err
	}
	root, err := OpenRoot(ctx, s.Root, s.Bucket, s.Access, hsds.Options{Write: s.Write || s.Unconditional, Unconditional: s.Unconditional})
	if err != nil {
		return nil, err
	}
	if s.Write {
		if err := root.Kept.Writable(ctx, hdfrest.Name{Bucket: root.Bucket, Path: "/"}); err != nil {
			return nil, err
		}
	}
	return hdfrest.New(hdfrest.Config{
		Store: root.Store(), Bucket: root.Bucket, User: s.User, Password: password, Users: users, Admins: []string{s.User}, Public: s.public,
	}), nil
}

// password is that of the user.
func (s *Service) password() (string, error) {
	if s.PasswordFile == "" {
		return os.Getenv(PasswordVariable), nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", core.Errorf(core.NotFound, "--password-file", s.PasswordFile, "%w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
		return "", core.Errorf(core.Invalid, "--password-file", s.PasswordFile, "its first line is empty")
	}
	return string(line), nil
}

// users are those of the users' file, with their passwords.
func (s *Service) users() (map[string]string, error) {
	if s.UsersFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.UsersFile)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "--users-file", s.UsersFile, "%w", err)
	}
	users := map[string]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimRight(line, "\r"); line == "" {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if !ok || name == "" || password == "" {
			return nil, core.Errorf(core.Invalid, "--users-file", fmt.Sprintf("%s:%d", s.UsersFile, i+1), "is not name:password")
		}
		users[name] = password
	}
	return users, nil
}

// public reports what may be read without credentials.
func (s *Service) public(n hdfrest.Name) bool {
	for _, f := range s.Public {
		f = "/" + strings.Trim(f, "/")
		if f == "/" || n.Path == f || strings.HasPrefix(n.Path, f+"/") {
			return true
		}
	}
	return false
}
