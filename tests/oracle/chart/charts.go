package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
	chart3 "helm.sh/helm/v3/pkg/chart"
	load3 "helm.sh/helm/v3/pkg/chart/loader"
	util3 "helm.sh/helm/v3/pkg/chartutil"
	common4 "helm.sh/helm/v4/pkg/chart/common"
	coal4 "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart4 "helm.sh/helm/v4/pkg/chart/v2"
	load4 "helm.sh/helm/v4/pkg/chart/v2/loader"
	util4 "helm.sh/helm/v4/pkg/chart/v2/util"
	yaml "sigs.k8s.io/yaml"
)

// The files of a row: [[path, text], …].
func pairs(r row) [][2]string {
	var out [][2]string
	list, _ := r["files"].([]any)
	for _, x := range list {
		pair := x.([]any)
		out = append(out, [2]string{pair[0].(string), pair[1].(string)})
	}
	return out
}

func charts(r row) (*chart3.Chart, error, *chart4.Chart, error) {
	var a []*load3.BufferedFile
	var b []*archive.BufferedFile
	for _, f := range pairs(r) {
		a = append(a, &load3.BufferedFile{Name: f[0], Data: []byte(f[1])})
		b = append(b, &archive.BufferedFile{Name: f[0], Data: []byte(f[1])})
	}
	c3, err3 := load3.LoadFiles(a)
	c4, err4 := load4.LoadFiles(b)
	return c3, err3, c4, err4
}

func user(r row) map[string]any {
	m := map[string]any{}
	if err := yaml.Unmarshal([]byte(str(r, "user")), &m); err != nil {
		panic(err)
	}
	return m
}

// What the row's versions and ranges come to, so that a test needs no semver.
func versions(r row, c *chart3.Chart) {
	known, matches := map[string]bool{}, map[string]bool{}
	ranges := map[string]bool{}
	var walk func(c *chart3.Chart)
	walk = func(c *chart3.Chart) {
		if c.Metadata != nil {
			known[c.Metadata.Version] = true
			for _, d := range c.Metadata.Dependencies {
				if d != nil {
					ranges[d.Version] = true
				}
			}
		}
		for _, d := range c.Dependencies() {
			walk(d)
		}
	}
	if c != nil {
		walk(c)
	}
	for v := range known {
		_, err := semver.NewVersion(v)
		known[v] = err == nil
		for x := range ranges {
			if util3.IsCompatibleRange(x, v) {
				matches[x+" <- "+v] = true
			}
		}
	}
	r["versions"], r["matches"] = known, matches
}

func answerCoalesce(r row) {
	c3, err, c4, _ := charts(r)
	if err != nil {
		panic(err)
	}
	versions(r, c3)
	merge := r["merge"] == true
	r["helm3"] = warned(func() row {
		f := util3.CoalesceValues
		if merge {
			f = util3.MergeValues
		}
		v, err := f(c3, user(r))
		return answer(describe(map[string]any(v)), err)
	})
	r["helm4"] = warned(func() row {
		f := coal4.CoalesceValues
		if merge {
			f = coal4.MergeValues
		}
		v, err := f(c4, user(r))
		return answer(describe(map[string]any(v)), err)
	})
}

// An answer with what was logged meanwhile, in the order of the alphabet: Go walks maps in any.
func warned(f func() row) row {
	var buf bytes.Buffer
	log.SetFlags(0)
	log.SetOutput(&buf)
	defer log.SetOutput(io.Discard)
	out := f()
	if _, ok := out["ok"]; ok && buf.Len() > 0 {
		lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
		sort.Strings(lines)
		out["warnings"] = lines
	}
	return out
}

func tree3(c *chart3.Chart) any {
	below := []any{}
	for _, d := range c.Dependencies() {
		below = append(below, tree3(d))
	}
	wanted := []any{}
	for _, d := range c.Metadata.Dependencies {
		wanted = append(wanted, d.Name)
	}
	return row{"path": c.ChartFullPath(), "values": describe(c.Values), "charts": below, "wanted": wanted}
}

func tree4(c *chart4.Chart) any {
	below := []any{}
	for _, d := range c.Dependencies() {
		below = append(below, tree4(d))
	}
	wanted := []any{}
	for _, d := range c.Metadata.Dependencies {
		wanted = append(wanted, d.Name)
	}
	return row{"path": c.ChartFullPath(), "values": describe(c.Values), "charts": below, "wanted": wanted}
}

func answerProcess(r row) {
	c3, err, c4, _ := charts(r)
	if err != nil {
		panic(err)
	}
	versions(r, c3)
	u := user(r)
	e3 := util3.ProcessDependenciesWithMerge(c3, u)
	if e3 != nil {
		r["helm3"] = answer(nil, e3)
	} else {
		v, err := util3.CoalesceValues(c3, u)
		r["helm3"] = answer(row{"tree": tree3(c3), "values": describe(map[string]any(v))}, err)
	}
	e4 := util4.ProcessDependencies(c4, common4.Values(user(r)))
	if e4 != nil {
		r["helm4"] = answer(nil, e4)
	} else {
		v, err := coal4.CoalesceValues(c4, user(r))
		r["helm4"] = answer(row{"tree": tree4(c4), "values": describe(map[string]any(v))}, err)
	}
}

func names3(c *chart3.Chart) any {
	var t, f []string
	for _, x := range c.Templates {
		t = append(t, x.Name)
	}
	for _, x := range c.Files {
		f = append(f, x.Name)
	}
	var below []string
	for _, d := range c.Dependencies() {
		below = append(below, d.Name()+" "+d.Metadata.Version)
	}
	return row{
		"name": c.Name(), "version": c.Metadata.Version, "app": c.AppVersion(), "api": c.Metadata.APIVersion,
		"templates": strings.Join(t, " "), "files": strings.Join(f, " "), "charts": len(below), "values": describe(c.Values),
		"keywords": strings.Join(c.Metadata.Keywords, "|"), "wanted": len(c.Metadata.Dependencies),
	}
}

func names4(c *chart4.Chart) any {
	var t, f []string
	for _, x := range c.Templates {
		t = append(t, x.Name)
	}
	for _, x := range c.Files {
		f = append(f, x.Name)
	}
	return row{
		"name": c.Name(), "version": c.Metadata.Version, "app": c.AppVersion(), "api": c.Metadata.APIVersion,
		"templates": strings.Join(t, " "), "files": strings.Join(f, " "), "charts": len(c.Dependencies()), "values": describe(c.Values),
		"keywords": strings.Join(c.Metadata.Keywords, "|"), "wanted": len(c.Metadata.Dependencies),
	}
}

// Loads the files of a row, or with "archive" a tgz of them.
func answerLoad(r row) {
	var c3 *chart3.Chart
	var c4 *chart4.Chart
	var e3, e4 error
	if r["archive"] == true {
		var buf bytes.Buffer
		gz := gzip.NewWriter(&buf)
		w := tar.NewWriter(gz)
		for _, f := range pairs(r) {
			_ = w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1])), Format: tar.FormatUSTAR})
			_, _ = w.Write([]byte(f[1]))
		}
		_ = w.Close()
		_ = gz.Close()
		c3, e3 = load3.LoadArchive(bytes.NewReader(buf.Bytes()))
		c4, e4 = load4.LoadArchive(bytes.NewReader(buf.Bytes()))
	} else {
		c3, e3, c4, e4 = charts(r)
	}
	versions(r, c3)
	r["helm3"], r["helm4"] = answer(nil, e3), answer(nil, e4)
	if e3 == nil {
		r["helm3"] = answer(names3(c3), nil)
	}
	if e4 == nil {
		r["helm4"] = answer(names4(c4), nil)
	}
}
