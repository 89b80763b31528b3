package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"aurak/oracle/template/chartutil"
)

// row is a question, with the answer if it was given already.
type row struct {
	Op string `json:"op"`
	// Of printing, quoting and numbers.
	Format string          `json:"format,omitempty"`
	Args   json.RawMessage `json:"args,omitempty"`
	// Of templates: pairs of name and text, parsed in this order; the last one is executed unless
	// another is named.
	Texts   [][2]string     `json:"texts,omitempty"`
	Execute string          `json:"execute,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Missing string          `json:"missing,omitempty"`
	Delims  []string        `json:"delims,omitempty"`
	// More functions that exist, for parsing what others wrote.
	Functions []string `json:"functions,omitempty"`
	// The answer: a text, or the bytes of one that is no UTF-8, or an error.
	Want    *string `json:"want,omitempty"`
	WantHex string  `json:"want_hex,omitempty"`
	Error   string  `json:"error,omitempty"`
}

func (r *row) answer() {
	r.Want, r.WantHex, r.Error = nil, "", ""
	text, err := r.ask()
	text = withoutAddresses(text)
	switch {
	case err != nil:
		r.Error = withoutAddresses(err.Error())
	case utf8.ValidString(text):
		r.Want = &text
	default:
		r.WantHex = hex.EncodeToString([]byte(text))
	}
}

// withoutAddresses gives all functions one address, which is another in every build.
func withoutAddresses(text string) string {
	for _, kind := range []string{"func", "funcs"} {
		f := buildTyped(kind, nil)
		text = strings.ReplaceAll(text, fmt.Sprintf("%p", f), "0xc000000000")
		text = strings.ReplaceAll(text, strings.ToUpper(fmt.Sprintf("%p", f)), "0XC000000000")
		text = strings.ReplaceAll(text, fmt.Sprintf("%d", f), "824633720832")
	}
	return text
}

func (r *row) ask() (string, error) {
	args, _ := decode(r.Args).([]interface{})
	switch r.Op {
	case "printf":
		return fmt.Sprintf(r.Format, args...), nil
	case "print":
		return fmt.Sprint(args...), nil
	case "println":
		return fmt.Sprintln(args...), nil
	case "quote":
		s := args[0].(string)
		return fmt.Sprint(strconv.Quote(s), strconv.QuoteToASCII(s), strconv.CanBackquote(s)), nil
	case "unquote":
		return strconv.Unquote(args[0].(string))
	case "number":
		s := args[0].(string)
		i, ierr := strconv.ParseInt(s, 0, 64)
		u, uerr := strconv.ParseUint(s, 0, 64)
		f, ferr := strconv.ParseFloat(s, 64)
		return fmt.Sprint(i, word(ierr), u, word(uerr), f, word(ferr)), nil
	case "parse":
		return r.trees()
	case "exec":
		return r.output()
	}
	panic("no such question: " + r.Op)
}

func word(err error) string {
	switch {
	case err == nil:
		return " ok "
	case errors.Is(err, strconv.ErrRange):
		return " range "
	}
	return " syntax "
}

func (r *row) set() (*template.Template, error) {
	t := template.New("gotpl").Funcs(functions(nil))
	if len(r.Delims) == 2 {
		t.Delims(r.Delims[0], r.Delims[1])
	}
	if r.Missing != "" {
		t.Option("missingkey=" + r.Missing)
	}
	for _, name := range r.Functions {
		t.Funcs(template.FuncMap{name: func(...interface{}) interface{} { return nil }})
	}
	t.Funcs(functions(t))
	for _, pair := range r.Texts {
		if _, err := t.New(pair[0]).Parse(pair[1]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (r *row) trees() (string, error) {
	t, err := r.set()
	if err != nil {
		return "", err
	}
	lines := []string{}
	for _, one := range t.Templates() {
		if one.Tree != nil {
			lines = append(lines, fmt.Sprintf("%q: %s %v", one.Name(), one.Root, parse.IsEmptyTree(one.Root)))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n"), nil
}

func (r *row) output() (string, error) {
	t, err := r.set()
	if err != nil {
		return "", err
	}
	name := r.Execute
	if name == "" {
		name = r.Texts[len(r.Texts)-1][0]
	}
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, name, decode(r.Data))
	return out.String(), err
}

var includes int

// functions are some of the kinds that charts call, so that every way of checking arguments occurs.
func functions(t *template.Template) template.FuncMap {
	return template.FuncMap{
		"upper":   strings.ToUpper,
		"repeat":  func(count int, s string) string { return strings.Repeat(s, count%10) },
		"list":    func(items ...interface{}) []interface{} { return items },
		"strs":    func(items ...string) []string { return items },
		"join":    func(sep string, items []string) string { return strings.Join(items, sep) },
		"typeOf":  func(v interface{}) string { return fmt.Sprintf("%T", v) },
		"kindOf":  func(v interface{}) string { return reflect.ValueOf(v).Kind().String() },
		"fail":    func(s string) (string, error) { return "", errors.New(s) },
		"explode": func(s string) string { panic("exploded: " + s) },
		"nothing": func() interface{} { return nil },
		"table":   func() map[string]interface{} { return map[string]interface{}{"x": "deep", "n": nil} },
		"nomap":   func() map[string]interface{} { return nil },
		"anymap":  func() interface{} { return map[string]interface{}{"x": "deep", "n": nil} },
		"default": func(d interface{}, v ...interface{}) interface{} {
			if len(v) == 0 {
				return d
			}
			if truth, _ := template.IsTrue(v[0]); truth {
				return v[0]
			}
			return d
		},
		"dict": func(items ...interface{}) map[string]interface{} {
			m := map[string]interface{}{}
			for i := 0; i+1 < len(items); i += 2 {
				m[fmt.Sprint(items[i])] = items[i+1]
			}
			return m
		},
		"set": func(m map[string]interface{}, key string, v interface{}) map[string]interface{} {
			m[key] = v
			return m
		},
		"deepEqual":  func(a, b interface{}) bool { return reflect.DeepEqual(a, b) },
		"ternary":    func(a, b interface{}, which bool) interface{} { return map[bool]interface{}{true: a, false: b}[which] },
		"wantInt":    func(n int) string { return fmt.Sprintf("%T %v", n, n) },
		"wantInt8":   func(n int8) string { return fmt.Sprintf("%T %v", n, n) },
		"wantInt64":  func(n int64) string { return fmt.Sprintf("%T %v", n, n) },
		"wantUint8":  func(n uint8) string { return fmt.Sprintf("%T %v", n, n) },
		"wantFloat":  func(x float64) string { return fmt.Sprintf("%T %v", x, x) },
		"wantBool":   func(b bool) string { return fmt.Sprintf("%T %v", b, b) },
		"wantList":   func(l []interface{}) string { return fmt.Sprintf("%T %v %v", l, l, l == nil) },
		"wantMap":    func(m map[string]interface{}) string { return fmt.Sprintf("%T %v %v", m, m, m == nil) },
		"wantValues": func(m chartutil.Values) string { return fmt.Sprintf("%T %v %v", m, m, m == nil) },
		"wantAnys":   func(n int, items ...interface{}) string { return fmt.Sprint(n, " ", len(items), " ", items) },
		"adder":      func(n int) func(int) int { return func(m int) int { return n + m } },
		"include": func(name string, data interface{}) (string, error) {
			// Go itself would overflow its stack where a template includes itself without end.
			if includes++; includes > 100 {
				includes = 0
				return "", errors.New("includes too deep")
			}
			defer func() { includes = max(includes-1, 0) }()
			var out strings.Builder
			err := t.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"tpl": func(text string, data interface{}) (string, error) {
			c, err := t.Clone()
			if err != nil {
				return "", err
			}
			c.Funcs(functions(c))
			c, err = c.New(t.Name()).Parse(text)
			if err != nil {
				return "", fmt.Errorf("cannot parse template %q: %w", text, err)
			}
			var out strings.Builder
			if err := c.Execute(&out, data); err != nil {
				return "", fmt.Errorf("error during tpl function execution for %q: %w", text, err)
			}
			return strings.ReplaceAll(out.String(), "<no value>", ""), nil
		},
	}
}
