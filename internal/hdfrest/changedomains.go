package hdfrest

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// target is the name that a request is to make or remove, without a slash at its end.
func (c *call) target() (Keeper, Name, error) {
	n, _, ok, err := c.domainName()
	k, keeps := c.Store.(Keeper)
	switch {
	case err != nil:
		if e, is := err.(*statusError); is {
			e.text = "Invalid domain"
		}
		return nil, n, err
	case !keeps || !c.known:
		return nil, n, c.readOnly()
	case !ok || n.Path == "/":
		return nil, n, errText("Invalid domain")
	}
	return k, n, k.Writable(c.ctx, n)
}

// putDomain answers PUT /: a new domain or folder, or a wish that all is stored, which it always is.
func (c *call) putDomain() (*Response, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if len(body) > 0 && body.Kind() != pyjson.Object {
		return nil, errBad("the body is not a JSON object")
	}
	if err := errors.Join(expect(body, aFlag, "folder", "flush", "rescan", "getdnids"), expect(body, aText, "owner", "linked_domain"), expect(body, aMap, "group")); err != nil {
		return nil, err
	}
	if c.flag("flush") || c.flag("rescan") || body.Get("flush").Bool() || body.Get("rescan").Bool() {
		if _, err := c.openFor(updateRight); err != nil {
			return nil, err
		}
		if c.flag("getdnids") || body.Get("getdnids").Bool() {
			return c.done(http.StatusOK, object{{"dn_ids", []string{}}})
		}
		return &Response{Status: http.StatusNoContent, Header: http.Header{}}, nil
	}
	k, n, err := c.target()
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(n.Path) {
		return nil, errName("%q is not UTF-8", n.Path)
	}
	for seg := range strings.SplitSeq(n.Path, "/") {
		if len(seg) > maxSegment {
			return nil, errName("%.20q… is longer than %d bytes", seg, maxSegment)
		}
	}
	how, err := c.newDomain(k, n, body)
	if err != nil {
		return nil, err
	}
	e, err := k.Make(c.ctx, n, how)
	if err != nil {
		return nil, err
	}
	o := object{}
	if !e.Folder {
		o = append(o, member{"root", e.Root.String()})
	}
	acls := object{}
	for _, a := range e.ACLs {
		acls = append(acls, member{a.User, aclJSON(a, "", false)[:6]})
	}
	return c.done(http.StatusCreated, append(o, member{"owner", e.Owner}, member{"acls", acls}, member{"created", seconds(e.Created)},
		member{"lastModified", seconds(e.Modified)}, member{"limits", c.limits()}, member{"compressors", compressors()}, member{"version", version}))
}

func compressors() []string { return []string{"blosclz", "lz4", "lz4hc", "gzip", "zstd", "deflate"} }

// newDomain says how to make what a request asks for. Who makes it owns it; who may use the folder may use what is in it.
func (c *call) newDomain(k Keeper, n Name, body pyjson.Raw) (NewDomain, error) {
	how := NewDomain{Folder: body.Get("folder").Bool(), Owner: c.user()}
	var parent []ACL
	if p := n.parent(); p == "/" {
		if !c.admin {
			return how, errStatus(http.StatusForbidden, "only an administrator makes top-level folders")
		}
	} else {
		e, err := k.Describe(c.ctx, Name{Bucket: n.Bucket, Path: p})
		if err != nil {
			return how, err
		}
		if !e.Folder {
			return how, errText("Parent domain must be a folder")
		}
		if err := c.granted(n, e.ACLs, createRight); err != nil {
			return how, err
		}
		parent = e.ACLs
	}
	if owner := body.Get("owner").Text(); owner != "" {
		if owner != c.user() && !c.admin {
			return how, errStatus(http.StatusForbidden, "only an administrator makes what is another's")
		}
		how.Owner = owner
	}
	how.ACLs = append(how.ACLs, ACL{User: how.Owner, Rights: AllRights()})
	for _, a := range parent {
		if a.User != how.Owner && a.Rights != (Rights{}) && (how.Folder || a.User != anybody) {
			how.ACLs = append(how.ACLs, ACL{User: a.User, Rights: a.Rights})
		}
	}
	if everybody := func(a ACL) bool { return a.User == anybody }; how.Folder && c.who != "" && c.admin && !slices.ContainsFunc(how.ACLs, everybody) {
		how.ACLs = append(how.ACLs, ACL{User: anybody, Rights: Rights{Read: true}})
	}
	p, err := objectOr(body.Get("group"), "creationProperties")
	if err == nil {
		err = expect(p, aFlag, "CreateOrder")
	}
	if err != nil {
		return how, err
	}
	how.Creation = p
	if text := body.Get("linked_domain").Text(); text != "" {
		p, _, err := cleanPath(text)
		if err != nil {
			return how, err
		}
		linked := Name{Bucket: n.Bucket, Path: p}
		if _, err := c.openNamed(linked, allRights); err != nil { // he will own what it has
			return how, err
		}
		how.Linked = &linked
	}
	return how, nil
}

// deleteDomain answers DELETE /.
func (c *call) deleteDomain() (*Response, error) {
	k, n, err := c.target()
	if err != nil {
		return nil, err
	}
	e, err := k.Describe(c.ctx, n)
	if err != nil {
		if core.Is(err, core.NotFound) {
			if _, file := c.openNamed(n, readRight); file == nil {
				return nil, c.readOnly()
			}
		}
		return nil, err
	}
	if err := c.granted(n, e.ACLs, deleteRight); err != nil {
		return nil, err
	}
	if n.parent() == "/" && !c.admin {
		return nil, errStatus(http.StatusForbidden, "only an administrator removes what is at the top")
	}
	if err := k.Unmake(c.ctx, n, !c.flag("meta_only")); err != nil {
		return nil, err
	}
	r, err := c.done(http.StatusOK, object{})
	if err == nil && !c.flag("meta_only") {
		r.Body = []byte("null")
	}
	return r, err
}

// postDomain answers POST / with {"h5paths": […]}: the objects at paths.
func (c *call) postDomain() (*Response, error) {
	d, err := c.open()
	if err != nil {
		return nil, err
	}
	body, err := c.objectBody("POST Domain with no body")
	if err != nil {
		return nil, err
	}
	paths := body.Get("h5paths")
	if paths.Kind() != pyjson.Array || len(paths.Items()) > c.Limits.List {
		return nil, errBad("h5paths is not a list of at most %d paths", c.Limits.List)
	}
	found := object{}
	for _, p := range paths.Items() {
		if p.Kind() != pyjson.String {
			return nil, errBad("%.40q is no path", p)
		}
		id, err := c.resolve(d, d.Info().Root, p.Text(), 0)
		if err != nil {
			return nil, err
		}
		o, err := one(c, d, id)
		if err != nil {
			return nil, err
		}
		j, err := c.objectJSON(d, o, include{class: true, attributes: c.flag("include_attrs")})
		if err != nil {
			return nil, err
		}
		found = append(found, member{p.Text(), j[:len(j)-1]}) // without the addresses
	}
	return c.answer(object{{"h5paths", found}})
}

// putACL answers PUT /acls/USER.
func (c *call) putACL(user string) (*Response, error) {
	k, n, err := c.target()
	if err != nil {
		return nil, err
	}
	if _, folder, _, _ := c.domainName(); folder {
		return nil, errText("Invalid domain")
	}
	e, err := k.Describe(c.ctx, n)
	if err != nil {
		return nil, err
	}
	if err := c.granted(n, e.ACLs, updateACLRight); err != nil {
		return nil, err
	}
	body, err := c.objectBody("PUT ACL with no body")
	if err != nil {
		return nil, err
	}
	if err := checkName("user", user, false); err != nil {
		return nil, err
	}
	change, err := rightsChange(body)
	if err != nil {
		return nil, err
	}
	if err := k.SetRights(c.ctx, n, user, change); err != nil {
		return nil, err
	}
	return c.done(http.StatusCreated, object{})
}

// rightsChange sets the rights that a body names.
func rightsChange(body pyjson.Raw) (func(Rights) Rights, error) {
	place := func(r *Rights) map[string]*bool {
		return map[string]*bool{"create": &r.Create, "read": &r.Read, "update": &r.Update, "delete": &r.Delete, "readACL": &r.ReadACL, "updateACL": &r.UpdateACL}
	}
	for _, m := range body.Members() {
		if place(&Rights{})[m.Name] == nil {
			return nil, errText("Unexpected key in request body: " + m.Name)
		}
		if k := m.Value.Kind(); k != pyjson.True && k != pyjson.False {
			return nil, errText("Unexpected value for key in request body: " + m.Name)
		}
	}
	return func(r Rights) Rights {
		for _, m := range body.Members() {
			*place(&r)[m.Name] = m.Value.Bool()
		}
		return r
	}, nil
}
