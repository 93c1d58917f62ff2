package hdfrest

import (
	"net/http"
	"strings"
)

// maxName is the longest name of a domain: S3's keys have at most 1,024 bytes.
const maxName = 1024

// maxSegment is the longest part of a new domain's name between slashes: files and folders have no longer names.
const maxSegment = 255

func errName(format string, args ...any) error {
	e := errStatus(http.StatusBadRequest, format, args...).(*statusError)
	e.text = "Invalid domain name"
	return e
}

// domainName is the domain or folder of a request: the parameter domain, else the header X-Hdf-domain. Names begin with a
// slash, or with a bucket: "bucket/path", as hrefs have it. ok: there is one.
func (c *call) domainName() (n Name, folder, ok bool, err error) {
	text := c.param("domain")
	c.domain = text
	if text == "" {
		text = c.req.Header.Get("X-Hdf-Domain")
	}
	n.Bucket = c.param("bucket")
	if n.Bucket == "" {
		n.Bucket = c.Bucket
	}
	if text == "" {
		n.Path = "/"
		return n, true, false, nil
	}
	if b, rest, ok := strings.Cut(text, "/"); ok && b != "" && b == n.Bucket {
		text = "/" + rest
	}
	n.Path, folder, err = cleanPath(text)
	return n, folder, true, err
}

// cleanPath checks a path that came decoded. What could mean another place than it says is refused, not repaired.
func cleanPath(text string) (p string, folder bool, err error) {
	if !strings.HasPrefix(text, "/") {
		return "", false, errName("%q does not begin with /", text)
	}
	if len(text) > maxName {
		return "", false, errName("a name has at most %d bytes", maxName)
	}
	if text == "/" {
		return "/", true, nil
	}
	p, folder = strings.CutSuffix(text, "/")
	for seg := range strings.SplitSeq(p[1:], "/") {
		if seg == "" || seg == "." || seg == ".." {
			return "", false, errName("%q has the segment %q", text, seg)
		}
	}
	if strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }) {
		return "", false, errName("%q has control characters or a backslash", text)
	}
	return p, folder, nil
}

// parent is the folder that a name is in; "" of the root.
func (n Name) parent() string {
	if n.Path == "/" {
		return ""
	}
	p := n.Path[:strings.LastIndexByte(n.Path, '/')]
	if p == "" {
		p = "/"
	}
	return p
}

// open opens the domain of the request for reading.
func (c *call) open() (Domain, error) {
	n, folder, ok, err := c.domainName()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errStatus(http.StatusBadRequest, "the parameter domain is missing")
	}
	if folder {
		if err := c.allowed(n); err != nil {
			return nil, err
		}
		return nil, errStatus(http.StatusNotFound, "%s is a folder", n.Path)
	}
	return c.openNamed(n, readRight)
}

// openNamed opens a domain that who asks has a right on. What is not guarded is not even looked for by who may not read it.
func (c *call) openNamed(n Name, want right) (Domain, error) {
	_, keeps := c.Store.(Keeper)
	denied := c.allowed(n)
	if denied != nil && !keeps {
		return nil, denied
	}
	d, err := c.Store.Open(c.ctx, n)
	if g, ok := d.(Guarded); ok && err == nil {
		return d, c.granted(n, g.ACLs(), want)
	}
	if denied != nil {
		return nil, denied
	}
	if err == nil && !want(Rights{Read: true}) {
		return nil, c.readOnly()
	}
	return d, err
}

// object opens the domain of the request and an object of it.
func (c *call) object(id ID) (Domain, Object, error) {
	d, err := c.open()
	if err != nil {
		return nil, nil, err
	}
	o, err := one(c, d, id)
	return d, o, err
}

func one(c *call, d Domain, id ID) (Object, error) {
	found, err := d.Objects(c.ctx, id)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}
