package hdfrest

import "net/http"

// Rights are what somebody may do with a domain or folder.
type Rights struct{ Create, Read, Update, Delete, ReadACL, UpdateACL bool }

// AllRights are those of an owner.
func AllRights() Rights { return Rights{true, true, true, true, true, true} }

// A right is one of Rights.
type right func(Rights) bool

func createRight(r Rights) bool    { return r.Create }
func readRight(r Rights) bool      { return r.Read }
func updateRight(r Rights) bool    { return r.Update }
func deleteRight(r Rights) bool    { return r.Delete }
func readACLRight(r Rights) bool   { return r.ReadACL }
func updateACLRight(r Rights) bool { return r.UpdateACL }
func allRights(r Rights) bool      { return r == AllRights() }

// anybody is the user whose rights those have who are not named.
const anybody = "default"

// An ACL is the rights of a user.
type ACL struct {
	User string
	Rights
	Given bool // by a request for these rights alone
}

// A Guarded domain says itself who may do what with it. Of others, Config says who may read.
type Guarded interface {
	ACLs() []ACL
}

// rightsOf are those of a user: his own, else everybody's.
func rightsOf(list []ACL, user string) Rights {
	var all Rights
	for _, a := range list {
		if user != "" && a.User == user {
			return a.Rights
		}
		if a.User == anybody {
			all = a.Rights
		}
	}
	return all
}

// granted is an error where who asks has not a right on what has some ACLs.
func (c *call) granted(n Name, list []ACL, want right) error {
	if c.admin || want(rightsOf(list, c.who)) || want(Rights{Read: true}) && c.Public(n) {
		return nil
	}
	if c.who == "" && !want(Rights{Read: true}) {
		return errStatus(http.StatusUnauthorized, "this needs credentials")
	}
	return errStatus(http.StatusForbidden, "%q has not the right to do this with %s", c.user(), n.Path)
}
