package main

import (
	"fmt"
	"strconv"
	"strings"
)

// valid makes templates in which types mostly fit, so that they run to their end.
type valid struct {
	*generator
	variables int
}

func (v *valid) list(depth int) string {
	var b strings.Builder
	scope := v.variables
	for range 1 + v.IntN(4) {
		b.WriteString(v.statement(depth))
	}
	v.variables = scope
	return b.String()
}

func (v *valid) action(inner string) string { return v.open() + inner + v.close() }

func (v *valid) statement(depth int) string {
	text := v.pick("x", " ", "\n", "", "  \n ", "key: ", "\t")
	if depth == 0 {
		return text + v.action(v.any(2))
	}
	switch v.IntN(12) {
	case 0, 1:
		s := v.action("if "+v.any(2)) + v.list(depth-1)
		if v.IntN(3) == 0 {
			s += v.action("else if "+v.boolean(1)) + v.list(depth-1)
		}
		if v.IntN(2) == 0 {
			s += v.action("else") + v.list(depth-1)
		}
		return s + v.action("end")
	case 2:
		return v.action("with "+v.mapping(2)) + v.list(depth-1) + v.action("else") + v.list(depth-1) + v.action("end")
	case 3, 4:
		v.variables += 2
		names := fmt.Sprintf("$v%d, $v%d := ", v.variables-2, v.variables-1)
		s := v.action("range "+names+v.pick(v.sequence(1), v.mapping(1))) + v.list(depth-1)
		if v.IntN(3) == 0 {
			s += v.action("if "+v.boolean(1)) + v.action(v.pick("break", "continue")) + v.action("end")
		}
		s += v.list(depth - 1)
		v.variables -= 2
		return s + v.pick("", v.action("else")+v.list(depth-1)) + v.action("end")
	case 5:
		return v.action("range "+v.pick(v.sequence(1), strconv.Itoa(v.IntN(4)))) + v.list(depth-1) + v.action("end")
	case 6, 7:
		s := v.action(fmt.Sprintf("$v%d := %s", v.variables, v.any(2)))
		v.variables++
		return s
	case 8:
		if v.variables > 0 {
			return v.action(fmt.Sprintf("$v%d = %s", v.IntN(v.variables), v.any(2)))
		}
	case 9:
		return v.action("template \"three\" " + v.any(1))
	case 10:
		return v.action("tpl " + strconv.Quote(v.action(v.any(1))) + " $")
	}
	return text + v.action(v.any(3))
}

func (v *valid) word() string { return strconv.Quote(v.pick("a", "k", "", "x y", "é", "%d", "1")) }

func (v *valid) inner(s string) string {
	if strings.Contains(s, " ") && !strings.HasPrefix(s, "\"") {
		return "(" + s + ")"
	}
	return s
}

func (v *valid) any(depth int) string {
	if v.variables > 0 && v.IntN(4) == 0 {
		return fmt.Sprintf("$v%d", v.IntN(v.variables))
	}
	switch v.IntN(9) {
	case 0:
		return v.integer(depth)
	case 1:
		return v.boolean(depth)
	case 2:
		return v.sequence(depth)
	case 3:
		return v.mapping(depth)
	case 4:
		return v.pick(".", "$.n", "$.nope", "$.big", "1.5", "$.f", "$.z", "$.u8", "$.i64", "$.m.nope", "$.sec", "$.lvl", "$.f32", "$.kv", "$.md.Name", "$.vals.Size", "1e7", "0x1F", "'a'", "$.md.Keywords", "$.hex")
	case 5:
		if depth > 0 {
			return v.pick("default ", "or ", "and ") + v.inner(v.any(depth-1)) + " " + v.inner(v.any(depth-1))
		}
	case 6:
		if depth > 0 {
			return "index " + v.inner(v.mapping(depth-1)) + " " + v.inner(v.text(depth-1))
		}
	}
	return v.text(depth)
}

func (v *valid) text(depth int) string {
	if depth == 0 {
		return v.pick(v.word(), "$.s", "$.m.k", "$.kv.GitVersion", "$.kv.Major", "$.uni", "$.e", "$.ms.k", "$.vals.sub.q")
	}
	a := v.inner(v.any(depth - 1))
	switch v.IntN(10) {
	case 0:
		return "upper " + v.inner(v.text(depth-1))
	case 1:
		return v.text(depth-1) + " | " + v.pick("upper", "html", "js", "urlquery", "print", "printf \"%q\"", "printf \"%5s|%x\" \"a\"", "repeat 2")
	case 2:
		return "printf " + strconv.Quote(v.pick("%v", "%s", "%d", "%q", "%#v", "%+v", "%T", "%5v|%v", "%x", "%t", "%g", "%.2f", "%v %[1]v")) + " " + a
	case 3:
		return v.pick("print ", "println ") + a + " " + v.inner(v.any(depth-1))
	case 4:
		return v.pick("typeOf ", "kindOf ", "html ", "js ", "urlquery ") + a
	case 5:
		return "include \"four\" " + a
	case 6:
		return "join \",\" " + v.pick("$.ss", "(strs \"p\" \"q\")", "$.vs", "$.md.Keywords")
	case 7:
		return "slice " + v.inner(v.text(depth-1)) + " 0"
	case 8:
		return a + " | " + v.pick("typeOf", "print 1", "printf \"%v\"", "default \"d\" | print")
	}
	return v.text(0)
}

func (v *valid) integer(depth int) string {
	if depth == 0 {
		return v.pick("0", "1", "-2", "$.i", "5", "(index $.is 1)", "$.mi.one", "07", "0b11", "(len $.s)")
	}
	return v.pick("len "+v.inner(v.sequence(depth-1)), "len "+v.inner(v.mapping(depth-1)), "len "+v.inner(v.text(depth-1)), "call (adder 2) "+v.integer(0), v.integer(0))
}

func (v *valid) boolean(depth int) string {
	if depth == 0 {
		return v.pick("true", "false", "$.t", "$.no")
	}
	switch v.IntN(7) {
	case 0:
		return v.pick("eq ", "ne ", "lt ", "le ", "gt ", "ge ") + v.inner(v.integer(depth-1)) + " " + v.inner(v.integer(depth-1))
	case 1:
		return v.pick("eq ", "ne ", "lt ", "ge ") + v.inner(v.text(depth-1)) + " " + v.inner(v.text(depth-1))
	case 2:
		return "not " + v.inner(v.any(depth-1))
	case 3:
		return v.pick("and ", "or ") + v.inner(v.boolean(depth-1)) + " " + v.inner(v.boolean(depth-1))
	case 4:
		return "deepEqual " + v.inner(v.any(depth-1)) + " " + v.inner(v.any(depth-1))
	case 5:
		return "eq " + v.inner(v.any(depth-1)) + " " + v.pick("nil", "$.n", "1", "\"a\"")
	}
	return "$.vs.Has " + v.inner(v.text(depth-1))
}

func (v *valid) sequence(depth int) string {
	if depth == 0 {
		return v.pick("$.l", "$.ss", "$.is", "$.el", "$.by", "$.vs", "list", "$.nl")
	}
	switch v.IntN(4) {
	case 0:
		return "list " + v.inner(v.any(depth-1)) + " " + v.inner(v.any(depth-1))
	case 1:
		return "slice " + v.inner(v.sequence(depth-1)) + v.pick("", " 0", " 0 0")
	case 2:
		return "strs " + v.inner(v.text(depth-1)) + " " + v.inner(v.text(depth-1))
	}
	return v.sequence(0)
}

func (v *valid) mapping(depth int) string {
	if depth == 0 {
		return v.pick("$.m", "$.em", "$.ms", "$.mi", "$.vals", "$.vals.sub", "$.m.a", "table", "anymap", "dict", "$.nm", "nomap")
	}
	switch v.IntN(4) {
	case 0:
		return "dict " + v.word() + " " + v.inner(v.any(depth-1)) + " \"k\" " + v.inner(v.any(depth-1))
	case 1:
		return "set " + v.pick("$.m", "$.em", "$.vals", "(dict)", "$.m.a") + " " + v.word() + " " + v.inner(v.text(depth-1))
	case 2:
		return v.inner(v.mapping(depth-1)) + ".k"
	}
	return v.mapping(0)
}
