package hdfrest

import (
	"net/http"
	"slices"
	"strings"
)

// aclJSON is what a user may, with his name first or last.
func aclJSON(a ACL, domain string, first bool) object {
	rights := object{{"create", a.Create}, {"read", a.Read}, {"update", a.Update}, {"delete", a.Delete}, {"readACL", a.ReadACL}, {"updateACL", a.UpdateACL}}
	if domain != "" {
		rights = append(rights, member{"domain", domain})
	}
	if first {
		return append(object{{"userName", a.User}}, rights...)
	}
	return append(rights, member{"userName", a.User})
}

// readers are the rights on what is not Guarded: those who may read it.
func (c *call) readers(n Name) []ACL {
	may := Rights{Read: true, ReadACL: true}
	list := []ACL{{User: c.owner(), Rights: may}}
	if c.Public(n) {
		list = append(list, ACL{User: anybody, Rights: may})
	}
	return list
}

// aclTarget finds the domain or folder of the request and its rights, which who asks must have one of.
func (c *call) aclTarget(want right) (n Name, list []ACL, root ID, err error) {
	n, folder, ok, err := c.domainName()
	if err != nil {
		return n, nil, root, err
	}
	if !ok {
		return n, nil, root, errText("Invalid domain")
	}
	if k, keeps := c.Store.(Keeper); keeps {
		if e, err := k.Describe(c.ctx, n); err == nil {
			return n, e.ACLs, e.Root, c.granted(n, e.ACLs, want)
		}
	}
	if folder {
		return n, nil, root, c.allowed(n)
	}
	d, err := c.openNamed(n, readRight)
	if err != nil {
		return n, nil, root, err
	}
	return n, c.readers(n), d.Info().Root, nil
}

// getACLs answers GET /acls.
func (c *call) getACLs() (*Response, error) {
	n, acls, root, err := c.aclTarget(readACLRight)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(acls, func(a, b ACL) int { return strings.Compare(a.User, b.User) })
	list := make([]object, len(acls))
	for i, a := range acls {
		list[i] = aclJSON(a, c.aclDomain(n, a), true)
	}
	return c.answer(object{{"acls", list}, {"hrefs", c.aclLinks(root)}})
}

// getACL answers GET /acls/USER.
func (c *call) getACL(user string) (*Response, error) {
	want := readACLRight
	if user == c.who || user == anybody { // what he may do himself is no secret
		want = readRight
	}
	n, acls, root, err := c.aclTarget(want)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(acls, func(a ACL) bool { return a.User == user })
	if i < 0 {
		return nil, errStatus(http.StatusNotFound, "no rights are given to %q", user)
	}
	return c.answer(object{{"acl", aclJSON(acls[i], c.aclDomain(n, acls[i]), false)}, {"hrefs", c.aclLinks(root)}})
}

// aclDomain is the domain that rights given by a request carry.
func (c *call) aclDomain(n Name, a ACL) string {
	if a.Given {
		return n.Bucket + n.Path
	}
	return ""
}

func (c *call) aclLinks(root ID) []object {
	links := []object{c.link("self", "/acls")}
	if root != (ID{}) {
		links = append(links, c.link("root", objectPath(root)))
	}
	return append(links, c.link("home", "/"), c.link("owner", "/"))
}
