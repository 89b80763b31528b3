package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// fuzz makes random rows: formats with random arguments, texts that may or may not be templates, and
// templates that mostly are, over the standard data.
func fuzz(seed uint64, count int) []*row {
	g := &generator{rand.New(rand.NewPCG(seed, 1))}
	rows := make([]*row, 0, count)
	for len(rows) < count {
		r := g.row()
		r.answer()
		first := string(line(r))
		r.answer()
		if keep(r) && first == string(line(r)) {
			rows = append(rows, r)
		}
	}
	return rows
}

// keep leaves out what differs by design: addresses, the depth at which templates are stopped, and
// numbers that are imaginary.
func keep(r *row) bool {
	answer := r.Error + r.WantHex
	if r.Want != nil {
		answer += *r.Want
	}
	for _, reason := range []string{"maximum template depth", "includes too deep", "bad number syntax", "complex"} {
		if strings.Contains(answer, reason) {
			return false
		}
	}
	if r.Op == "exec" && address.MatchString(answer) {
		return false
	}
	return len(answer) < 20000
}

var address = regexp.MustCompile("0x[0-9a-f]{12}|3078[0-9a-f]{20}")

type generator struct{ *rand.Rand }

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) row() *row {
	switch g.IntN(10) {
	case 0, 1:
		args := make([]interface{}, g.IntN(4))
		for i := range args {
			args[i] = g.value(2)
		}
		return &row{Op: "printf", Format: g.format(), Args: raw(args)}
	case 2:
		args := make([]interface{}, g.IntN(4))
		for i := range args {
			args[i] = g.value(3)
		}
		return &row{Op: g.pick("print", "println"), Args: raw(args)}
	case 3:
		return &row{Op: g.pick("quote", "unquote"), Args: raw([]interface{}{g.quoted()})}
	case 4:
		return &row{Op: "number", Args: raw([]interface{}{g.number()})}
	case 5:
		return &row{Op: "parse", Texts: [][2]string{{"t", g.tokens()}}}
	case 6:
		r := &row{Op: "exec", Texts: [][2]string{{"t", g.tokens()}}, Data: standard}
		return r
	}
	r := &row{Op: "exec", Missing: g.pick("", "zero", "error"), Data: standard}
	if g.IntN(3) > 0 {
		v := valid{g, 0}
		r.Texts = [][2]string{{"t", v.list(3)}, {"u", v.list(2)}}
		// What the templates call calls nothing, so that they end.
		r.Texts[0][1] += `{{ define "three" }}<{{ . }}{{ with . }}{{ len . }}{{ end }}>{{ end }}`
		r.Texts[1][1] += `{{ define "four" }}({{ . | print | upper }} {{ $ }}){{ end }}`
		r.Execute = g.pick("t", "u")
		// What has an address prints another text in every run.
		r.Data = json.RawMessage(`{"$":"standard","v":["fn","fns","pmd"]}`)
		return r
	}
	text := g.list(3)
	for _, name := range []string{"one", "two"} {
		text += fmt.Sprintf("{{ define %q }}%s{{ end }}", name, g.list(2))
	}
	r.Texts = [][2]string{{"t", text}}
	return r
}

var standard = json.RawMessage(`{"$":"standard"}`)

func raw(v interface{}) json.RawMessage {
	text, err := json.Marshal(v)
	check(err)
	return text
}

func typed(kind, v string) interface{} { return map[string]interface{}{"$": kind, "v": v} }

func (g *generator) float() float64 {
	switch g.IntN(6) {
	case 0:
		return math.Float64frombits(g.Uint64())
	case 1:
		return float64(g.IntN(2000) - 1000)
	case 2:
		return float64(g.IntN(1000000)) / 1000
	case 3:
		return math.Pow(10, float64(g.IntN(50)-25))
	case 4:
		return (float64(g.IntN(2000)) + 0.5) / math.Pow(2, float64(g.IntN(12)))
	}
	return []float64{0, math.Copysign(0, -1), 1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}[g.IntN(8)]
}

func (g *generator) value(depth int) interface{} {
	switch g.IntN(14) {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2:
		return typed("int", strconv.Itoa(g.IntN(2000)-1000))
	case 3:
		return typed("int64", strconv.FormatInt(int64(g.Uint64())>>g.IntN(64), 10))
	case 4:
		return typed("uint64", strconv.FormatUint(g.Uint64()>>g.IntN(64), 10))
	case 5:
		return typed("int8", strconv.Itoa(g.IntN(256)-128))
	case 6, 7:
		return typed("float64", strconv.FormatFloat(g.float(), 'g', -1, 64))
	case 8:
		return typed("float32", strconv.FormatFloat(float64(math.Float32frombits(g.Uint32())), 'g', -1, 32))
	case 9:
		return typed("hex", fmt.Sprintf("%x", g.word()))
	case 10:
		return typed("bytes", fmt.Sprintf("%x", g.word()))
	case 11:
		if depth > 0 {
			list := make([]interface{}, g.IntN(3))
			for i := range list {
				list[i] = g.value(depth - 1)
			}
			return list
		}
	case 12:
		if depth > 0 {
			m := map[string]interface{}{}
			for range g.IntN(3) {
				m[g.pick("a", "b", "é", "")] = g.value(depth - 1)
			}
			return m
		}
	case 13:
		return typed(g.pick("Seconds", "Level"), strconv.Itoa(g.IntN(300)))
	}
	return g.pick("", "abc", "héllo", "a\"b", "日本", "x\n")
}

func (g *generator) word() string {
	var b strings.Builder
	for range g.IntN(6) {
		switch g.IntN(5) {
		case 0:
			b.WriteByte(byte(g.IntN(256)))
		case 1:
			b.WriteRune(rune(g.IntN(0x3000)))
		case 2:
			b.WriteRune(rune(g.IntN(0x110000)))
		default:
			b.WriteByte(byte(32 + g.IntN(95)))
		}
	}
	return b.String()
}

func (g *generator) format() string {
	var b strings.Builder
	for range 1 + g.IntN(4) {
		if g.IntN(3) == 0 {
			b.WriteString(g.pick("a", " ", "é", "%%"))
		}
		b.WriteByte('%')
		for range g.IntN(3) {
			b.WriteString(g.pick("+", "-", "#", " ", "0"))
		}
		if g.IntN(6) == 0 {
			b.WriteString(g.pick("[1]", "[2]", "[3]", "[0]", "[9]", "[x]", "[", "[]"))
		}
		if g.IntN(2) == 0 {
			b.WriteString(g.pick("0", "1", "5", "12", "20", "*", "*"))
		}
		if g.IntN(3) == 0 {
			b.WriteString("." + g.pick("", "0", "1", "3", "10", "25", "*", "[1]*"))
		}
		if g.IntN(9) == 0 {
			b.WriteString(g.pick("[1]", "[2]", "[7]"))
		}
		b.WriteString(g.pick("v", "v", "s", "d", "q", "x", "X", "g", "e", "f", "G", "E", "F", "t", "T", "c", "U", "b", "o", "O", "w", "z", "%", "!", "é", ""))
	}
	return b.String()
}

func (g *generator) quoted() interface{} {
	s := g.word()
	switch g.IntN(4) {
	case 0:
		s = strconv.Quote(s)
	case 1:
		s = g.pick("\"", "'", "`") + s + g.pick("\"", "'", "`")
	case 2:
		s = "\"" + g.pick("\\n", "\\x4", "\\x41", "\\u0041", "\\101", "\\'", "\\\"", "a", "é") + g.pick("", "b", "\\q", "\\\\", "\\U0001F600") + "\""
	}
	return typed("hex", fmt.Sprintf("%x", s))
}

func (g *generator) number() string {
	if g.IntN(3) == 0 {
		return strconv.FormatFloat(g.float(), "efgx"[g.IntN(4)], g.IntN(30)-1, 64)
	}
	var b strings.Builder
	b.WriteString(g.pick("", "", "-", "+", "0x", "0b", "0o", "0", "0X", "-0x"))
	for range g.IntN(6) {
		b.WriteString(g.pick("0", "1", "7", "9", "_", ".", "e", "p", "f", "5", "12", "e5", "p-3", "E+", "i"))
	}
	return b.String()
}

// tokens is a text of things that templates are made of, in no order.
func (g *generator) tokens() string {
	var b strings.Builder
	inside := false
	for range 1 + g.IntN(14) {
		switch {
		case inside && g.IntN(4) == 0:
			b.WriteString(g.pick(" }}", "}}", " -}}", "\n}}", " - }}"))
			inside = false
		case inside:
			b.WriteString(g.pick(" ", " ", "", "\n") + g.pick(
				"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "else if", "nil",
				".", ".s", ".m.k", ".nope", "$", "$x", "$x := 1", "$i, $x := .l", "$x = 2", "|", "(", ")", "print", "printf",
				"\"t\"", "`r`", "'c'", "1", "1.5", "-3", "0x1F", "1e3", "08", "true", "eq", "len", "nosuch", ",", ":=", "=", "/*", "\"", "&", "é", "upper"))
		case g.IntN(3) == 0:
			b.WriteString(g.pick("text", " ", "\n", "é", "}}", "{", "  \n\t"))
		default:
			b.WriteString(g.pick("{{", "{{ ", "{{- ", "{{if .t}}", "{{end}}", "{{else}}", "{{range 2}}", "{{/* c */}}", "{{- /* c */ -}}", "{{define \"d\"}}", "{{with .m}}"))
			inside = strings.HasSuffix(b.String(), "{{") || strings.HasSuffix(b.String(), "{{ ") || strings.HasSuffix(b.String(), "{{- ")
		}
	}
	if inside && g.IntN(4) != 0 {
		b.WriteString("}}")
	}
	return b.String()
}

func (g *generator) list(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.statement(depth))
	}
	return b.String()
}

func (g *generator) open() string  { return g.pick("{{ ", "{{", "{{- ") }
func (g *generator) close() string { return g.pick(" }}", "}}", " -}}") }

func (g *generator) statement(depth int) string {
	action := func(inner string) string { return g.open() + inner + g.close() }
	if depth == 0 {
		return g.pick("x", " ", "\n", "") + action(g.pipe(2))
	}
	switch g.IntN(12) {
	case 0:
		s := action("if " + g.pipe(2))
		s += g.list(depth - 1)
		if g.IntN(2) == 0 {
			s += action("else if "+g.pipe(1)) + g.list(depth-1)
		}
		if g.IntN(2) == 0 {
			s += action("else") + g.list(depth-1)
		}
		return s + action("end")
	case 1:
		s := action("with "+g.pick("", "$x := ")+g.pipe(2)) + g.list(depth-1)
		if g.IntN(2) == 0 {
			s += action("else") + g.list(depth-1)
		}
		return s + action("end")
	case 2, 3:
		s := action("range " + g.pick("", "", "$x := ", "$i, $x := ", "$y = ") + g.pick(g.pipe(1), ".l", ".m", ".ss", "3", ".ms", "list 1 \"a\" nil", ".vals", ".is", ".by"))
		s += g.list(depth - 1)
		if g.IntN(4) == 0 {
			s += action("if "+g.pipe(1)) + action(g.pick("break", "continue")) + action("end")
		}
		if g.IntN(4) == 0 {
			s += action("else") + g.list(depth-1)
		}
		return action("$y := 1") + s + action("end")
	case 4:
		return action("$x := "+g.pipe(2)) + g.list(depth-1) + action("$x")
	case 5:
		return action("$x := "+g.pipe(1)) + g.list(depth-1) + action("$x = "+g.pipe(1)) + action("print $x")
	case 6:
		return action(g.pick("template", "include") + " " + g.pick("\"nope\" .", "\"one\" .m", "\"one\" "+g.operand(1)))
	case 7:
		return action("tpl " + strconv.Quote(g.list(0)) + " .")
	}
	return g.pick("x", " ", "\n", "", "  \n ") + action(g.pipe(2))
}

func (g *generator) pipe(depth int) string {
	s := g.command(depth)
	for g.IntN(4) == 0 {
		s += " | " + g.command(depth)
	}
	return s
}

func (g *generator) command(depth int) string {
	if g.IntN(2) == 0 {
		return g.operand(depth)
	}
	name := g.pick("and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "index", "index", "slice", "len", "call", "print", "printf", "println", "html", "js", "urlquery",
		"upper", "repeat", "list", "strs", "join", "typeOf", "kindOf", "nothing", "table", "anymap", "default", "dict", "ternary", "deepEqual",
		"wantInt", "wantInt64", "wantFloat", "wantBool", "wantList", "wantMap", "wantValues", "wantAnys", ".kv.GitVersion", ".vs.Has", ".vals.Table", ".fn", ".kv.String")
	for range g.IntN(4) {
		name += " " + g.operand(depth)
	}
	return name
}

func (g *generator) operand(depth int) string {
	if depth > 0 {
		switch g.IntN(8) {
		case 0, 1:
			return "(" + g.pipe(depth-1) + ")"
		case 2:
			return "(" + g.pipe(depth-1) + ")." + g.pick("k", "a", "x", "nope", "a.x", "Major")
		}
	}
	return g.pick(".", "$", ".s", ".n", ".i", ".i64", ".u8", ".f", ".big", ".z", ".e", ".t", ".no", ".l", ".el", ".m", ".m.k", ".m.a.x.y", ".m.n", ".m.n.q", ".m.nope", ".m.nope.x", ".em", ".ss", ".is", ".by", ".ms",
		".ms.k", ".ms.nope", ".mi.one", ".vals", ".vals.a", ".vals.sub.q", ".vals.Size", ".vs", ".kv", ".kv.Major", ".kv.GitVersion", ".nk", ".nk.Major", ".md", ".md.Name", ".md.Any", ".pmd", ".pmd.Keywords", ".sec", ".lvl",
		".nm", ".nm.x", ".nl", ".fn", ".fns", ".hex", ".f32", ".uni", ".nope", ".nope.x.y", ".k", ".x", "$.s", "$.m.k", "$.nope.x",
		"1", "0", "-1", "2", "1.5", "1e6", "\"a\"", "\"k\"", "\"\"", "\"%v %d %s\"", "`r\\n`", "'c'", "true", "false", "nil", "nothing", "table", "table.x", "anymap.n", "anymap.x.y", "nomap", "0x10", "300", "list", "dict")
}
