package hdfrest

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// about says what the server is.
func (c *call) about() (*Response, error) {
	return c.answer(object{
		{"start_time", c.Started.Unix()}, {"state", "READY"}, {"hsds_version", version}, {"name", "zagg HDF service"},
		{"greeting", "HDF5 files as they lie in their bucket"}, {"about", "an HDF REST service that reads HDF5 files in place"},
		{"node_count", 1}, {"dn_urls", []string{}}, {"dn_ids", []string{}}, {"username", c.user()}, {"isadmin", false},
	})
}

// info is about, in the form that tools for operators ask for.
func (c *call) info() (*Response, error) {
	return c.answer(object{
		{"node", object{{"id", "sn-001"}, {"type", "sn"}, {"start_time", c.Started.Unix()}, {"state", "READY"}, {"node_count", 1}}},
		{"limits", c.limits()},
	})
}

func (c *call) limits() object {
	return object{{"min_chunk_size", 1024}, {"max_chunk_size", 4 << 20}, {"max_request_size", c.Limits.Value}}
}

// getDomain answers GET /: a domain, a folder, an object by its path in the domain, or, without a name, the top folders.
func (c *call) getDomain() (*Response, error) {
	n, folder, ok, err := c.domainName()
	if err != nil {
		return nil, err
	}
	if !ok {
		return c.getFolder()
	}
	if folder {
		return c.describeFolder(n)
	}
	d, err := c.openNamed(n, readRight)
	switch {
	case err == nil && (c.param("h5path") != "" || c.param("parent_id") != ""):
		return c.byPath(d)
	case err == nil:
		return c.describeDomain(d)
	case !core.Is(err, core.NotFound):
		return nil, err
	}
	r, none := c.describeFolder(n)
	if core.Is(none, core.NotFound) && none != nil {
		return nil, err // which says why what is there is no domain
	}
	return r, none
}

func (c *call) describeDomain(d Domain) (*Response, error) {
	i := d.Info()
	at := seconds(i.Modified)
	owner, created := cmp.Or(i.Owner, c.owner()), at
	if !i.Created.IsZero() {
		created = seconds(i.Created)
	}
	o := object{{"root", i.Root.String()}, {"class", "domain"}, {"owner", owner}, {"created", created}}
	if c.flag("verbose") {
		scan, err := c.scan(d)
		if err != nil {
			return nil, err
		}
		o = append(o, scan...)
	}
	o = append(o, member{"limits", c.limits()}, member{"compressors", compressors()},
		member{"version", version}, member{"lastModified", at})
	if c.flag("getdnids") {
		o = append(o, member{"dn_ids", []string{}})
	}
	if c.flag("getobjs") {
		all, err := c.domainObjects(d)
		if err != nil {
			return nil, err
		}
		if all != nil {
			o = append(o, member{"domain_objs", all})
		}
	}
	return c.tagged(d, append(o, member{"hrefs", c.domainLinks(i)}))
}

func (c *call) domainLinks(i Info) []object {
	return []object{
		c.link("self", "/"), c.link("database", "/datasets"), c.link("groupbase", "/groups"), c.link("typebase", "/datatypes"),
		c.link("root", objectPath(i.Root)), c.link("acls", "/acls"), c.parentLink(i.Name),
	}
}

func (c *call) parentLink(n Name) object {
	return object{{"rel", "parent"}, {"href", c.req.Base + "/?domain=" + n.Bucket + n.parent()}}
}

// describeFolder answers for a folder, which is there if something is in it.
func (c *call) describeFolder(n Name) (*Response, error) {
	if k, ok := c.Store.(Keeper); ok && n.Path != "/" {
		e, err := k.Describe(c.ctx, n)
		if err == nil {
			return c.describeEntry(n, e)
		}
		if !core.Is(err, core.NotFound) {
			return nil, err
		}
	}
	if err := c.allowed(n); err != nil {
		return nil, err
	}
	var newest time.Time
	err := c.Store.Folder(c.ctx, n, "", func(e Entry) error {
		newest = e.Modified
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return c.folderAnswer(n, c.owner(), newest, newest)
}

// describeEntry answers for a folder that says itself who may read it.
func (c *call) describeEntry(n Name, e Entry) (*Response, error) {
	if !e.Folder {
		return nil, core.Errorf(core.NotFound, "hdfrest", n.Path, "is not a folder")
	}
	if err := c.granted(n, e.ACLs, readRight); err != nil {
		return nil, err
	}
	return c.folderAnswer(n, e.Owner, e.Created, e.Modified)
}

func (c *call) folderAnswer(n Name, owner string, created, modified time.Time) (*Response, error) {
	o := object{{"class", "folder"}, {"owner", owner}, {"created", seconds(created)}, {"lastModified", seconds(modified)}}
	links := []object{c.link("self", "/"), {{"rel", "domains"}, {"href", c.href("/domains") + "/"}}, c.link("acls", "/acls")}
	if n.Path != "/" {
		links = append(links, c.parentLink(n))
	}
	return c.answer(append(o, member{"hrefs", links}))
}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// getFolder answers GET /domains, and GET / without a name.
func (c *call) getFolder() (*Response, error) {
	n, _, _, err := c.domainName()
	if err != nil {
		return nil, err
	}
	if err := c.mayList(n); err != nil {
		return nil, err
	}
	entries, err := c.entries(n)
	if err != nil {
		return nil, err
	}
	list := make([]object, len(entries))
	for i, e := range entries {
		list[i] = c.entry(e)
	}
	links := []object{}
	if c.domain == "" {
		links = append(links, c.link("self", "/"))
	}
	return c.answer(object{{"domains", list}, {"hrefs", links}})
}

// mayList is an error where who asks may not see what is in a folder.
func (c *call) mayList(n Name) error {
	if k, ok := c.Store.(Keeper); ok && n.Path != "/" {
		if e, err := k.Describe(c.ctx, n); err == nil {
			return c.granted(n, e.ACLs, readRight)
		} else if !core.Is(err, core.NotFound) {
			return err
		}
	} else if ok {
		return nil // what is in it is shown by its own rights
	}
	return c.allowed(n)
}

// visible reports an entry that who asks may see.
func (c *call) visible(e *Entry) bool {
	if e.ACLs != nil {
		return c.granted(e.Name, e.ACLs, readRight) == nil
	}
	return c.allowed(e.Name) == nil
}

// entries are those of a folder that the request wants.
func (c *call) entries(n Name) ([]Entry, error) {
	most, err := c.limit(c.Limits.List)
	if err != nil || most == 0 {
		return nil, err
	}
	pattern, marker := c.param("pattern"), c.param("Marker")
	if marker != "" && !strings.HasPrefix(marker, "/") { // names begin with a slash, and none comes after this
		return nil, nil
	}
	var out []Entry
	err = c.Store.Folder(c.ctx, n, marker, func(e Entry) error {
		if !matches(pattern, e.Name.Path[strings.LastIndexByte(e.Name.Path, '/')+1:]) || !c.visible(&e) {
			return nil
		}
		if out = append(out, e); len(out) == most {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return out, nil
}

func (c *call) entry(e Entry) object {
	o := object{}
	class := "folder"
	if !e.Folder {
		class = "domain"
		o = append(o, member{"root", e.Root.String()})
	}
	at, created := seconds(e.Modified), e.Created
	if created.IsZero() {
		created = e.Modified
	}
	o = append(o, member{"class", class}, member{"owner", cmp.Or(e.Owner, c.owner())}, member{"created", seconds(created)})
	if c.flag("verbose") && !e.Folder {
		o = append(o, member{"size", e.Size})
	}
	return append(o, member{"lastModified", at}, member{"name", e.Name.Path},
		member{"hrefs", []object{{{"rel", "domain"}, {"href", c.req.Base + "/?domain=" + e.Name.Path}}}})
}
