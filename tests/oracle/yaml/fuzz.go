package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"
)

// fuzz prints rows with random inputs. What makes Go itself panic is left out.
func fuzz(out io.Writer, kind string, seed int64, count int) error {
	random := &maker{rand.New(rand.NewSource(seed))}
	for made := 0; made < count; made++ {
		row, err := random.row(kind)
		if err != nil {
			fmt.Fprintln(os.Stderr, "skipped:", err)
			continue
		}
		fmt.Fprintf(out, "%s\n", row)
	}
	return nil
}

type maker struct{ *rand.Rand }

func (m *maker) row(kind string) (row []byte, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	switch kind {
	case "read":
		text := m.encode(m.text())
		return steady(func() ([]byte, error) { return marshal(answerRead(newInput(text), text)) })
	case "stream":
		text := []byte(m.text())
		for m.Intn(3) > 0 {
			text = append(text, m.pick("---\n", "...\n", "--- ", "\n---\n", "%YAML 1.1\n---\n", "\n...\n")+m.text()...)
		}
		return steady(func() ([]byte, error) { return marshal(answerStream(newInput(text), text)) })
	case "write":
		raw, err := json.Marshal(m.value(4))
		if err != nil {
			return nil, err
		}
		return marshalRow(answerWrite(raw))
	}
	return nil, fmt.Errorf("no such kind: %s", kind)
}

func (m *maker) pick(choices ...string) string { return choices[m.Intn(len(choices))] }

// text is a document of a grammar, of pieces without one, or the first after some harm was done to it.
func (m *maker) text() string {
	switch m.Intn(4) {
	case 0:
		return m.pieces()
	case 1:
		return m.harm(m.node(0, 3) + "\n")
	default:
		return m.node(0, 3) + "\n"
	}
}

// encode makes some texts longer than the buffer of the reader, writes some in UTF-16, and spoils some.
func (m *maker) encode(text string) []byte {
	if m.Intn(6) == 0 {
		filler := "# " + strings.Repeat(m.pick("x", "é", "日", "😀"), m.Intn(600)) + "\n"
		if m.Intn(2) == 0 {
			text = filler + text
		} else {
			text = text + "\n" + filler + m.text()
		}
	}
	result := []byte(text)
	switch m.Intn(24) {
	case 0:
		result = append([]byte(m.pick("\xef\xbb\xbf", "\xef\xbb\xbf\xef\xbb\xbf", "\xff\xfe", "\xfe\xff", "\xff")), result...)
	case 1, 2:
		little := m.Intn(2) == 0
		units := utf16.Encode([]rune("\ufeff" + text))
		result = nil
		for _, unit := range units {
			if little {
				result = append(result, byte(unit), byte(unit>>8))
			} else {
				result = append(result, byte(unit>>8), byte(unit))
			}
		}
	}
	if m.Intn(16) == 0 && len(result) > 0 {
		at := m.Intn(len(result))
		switch m.Intn(3) {
		case 0:
			result = result[:at]
		case 1:
			result[at] = byte(m.Intn(256))
		default:
			bad := m.pick("\x80", "\xff", "\xc3", "\xe2\x80", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\x00", "\x7f", "\xc2\x80", "\xef\xbf\xbe", "\xf8")
			result = append(result[:at:at], append([]byte(bad), result[at:]...)...)
		}
	}
	return result
}

func (m *maker) pieces() string {
	var text strings.Builder
	for m.Intn(14) > 0 {
		text.WriteString(m.pick(
			"a", "b c", "1", "\n", "\n", "\n  ", "\n    ", " ", "  ", ": ", ":", "- ", "-", "? ", "?", ",", "[", "]",
			"{", "}", "&x ", "*x ", "*x", "!t ", "!!str ", "!!int ", "'", "\"", "|", ">", "|-\n", ">+\n", "|2\n", "#",
			" # c\n", "\t", "%", "@", "`", "---", "...", "---\n", "...\n", "\r\n", "\r", "\u0085", "\u2028", "\ufeff",
			"\\", "\\n", "\\x41", "\\\n", "<<: ", "~", "null", "yes", "0x1f", "é", "😀", "!<a> ", "!", "!!", "%TAG ! a\n",
			"%YAML 1.1\n", ".5", "a: b\n", "- a\n", "k:\n", "\n\n", "''", "\"\"", "\u0001", "\u00a0",
		))
	}
	return text.String()
}

func (m *maker) harm(text string) string {
	runes := []rune(text)
	for times := 1 + m.Intn(3); times > 0 && len(runes) > 0; times-- {
		at := m.Intn(len(runes))
		switch m.Intn(3) {
		case 0:
			runes = append(runes[:at], runes[at+1:]...)
		case 1:
			runes[at] = []rune(m.pick("a", " ", "\n", ":", "-", "'", "\"", "#", "\t", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "?", "\\", "%"))[0]
		default:
			piece := []rune(m.pick(" ", "\n", ": ", "- ", "'", "\"", " #", "\t", "[", "]", "{", "}", ", ", "&a ", "*a ", "!a ", "|", "?", "  ", "\n ", "...\n"))
			runes = append(runes[:at], append(piece, runes[at:]...)...)
		}
	}
	return string(runes)
}

func (m *maker) pad(indent int) string { return strings.Repeat(" ", indent) }

// node is what may follow "key: " or "- ", or stand alone, with lines after the first at indent.
func (m *maker) node(indent, depth int) string {
	if depth == 0 || m.Intn(5) < 2 {
		return m.properties() + m.scalar(indent)
	}
	switch m.Intn(6) {
	case 0:
		return m.properties() + m.flow(depth-1)
	case 1, 2:
		return m.sequence(indent, depth-1)
	default:
		return m.mapping(indent, depth-1)
	}
}

func (m *maker) properties() string {
	switch m.Intn(16) {
	case 0:
		return m.pick("&x ", "&y ", "&x-1 ")
	case 1:
		return m.pick("!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!t ", "!!binary ", "!!timestamp ", "! ", "!<tag:yaml.org,2002:str> ", "!!map ")
	}
	return ""
}

func (m *maker) comment() string {
	if m.Intn(8) == 0 {
		return m.pick(" # c", " #", "\t# c", "  # a: b")
	}
	return ""
}

func (m *maker) gap() string { return m.pick("", "", "", "", "\n", "# c\n", "  # c\n", "\n\n") }

func (m *maker) mapping(indent, depth int) string {
	var text strings.Builder
	for i, n := 0, 1+m.Intn(4); i < n; i++ {
		if i > 0 {
			text.WriteString(m.comment() + "\n" + m.gap() + m.pad(indent))
		}
		if m.Intn(12) == 0 {
			text.WriteString("? " + m.node(indent+2, depth) + "\n" + m.pad(indent) + ": " + m.node(indent+2, depth))
			continue
		}
		text.WriteString(m.key() + ":")
		text.WriteString(m.below(indent, depth, true))
	}
	return text.String()
}

func (m *maker) key() string {
	return m.pick("a", "b", "c", "key", "a b", "1", "1.5", "0x10", "true", "no", "~", "null", "'q'", "\"d\"", "<<", "*x", "a10", "a9", "1e3", ".inf", "-1", "2001-01-01", "''", "[a]", "{}", "é", m.word())
}

func (m *maker) below(indent, depth int, mapping bool) string {
	deeper := indent + 1 + m.Intn(3)
	switch m.Intn(5) {
	case 0:
		if mapping && depth > 0 && m.Intn(2) == 0 {
			return m.comment() + "\n" + m.pad(indent) + m.sequence(indent, depth)
		}
		return m.comment() + "\n" + m.pad(deeper) + m.node(deeper, depth)
	case 1:
		return m.comment() + "\n" + m.gap() + m.pad(deeper) + m.node(deeper, depth)
	case 2:
		return ""
	case 3:
		return " " + m.properties() + m.flow(depth)
	default:
		return " " + m.properties() + m.scalar(deeper)
	}
}

func (m *maker) sequence(indent, depth int) string {
	var text strings.Builder
	for i, n := 0, 1+m.Intn(4); i < n; i++ {
		if i > 0 {
			text.WriteString(m.comment() + "\n" + m.gap() + m.pad(indent))
		}
		if m.Intn(3) == 0 {
			text.WriteString("-" + m.below(indent, depth, false))
			continue
		}
		text.WriteString("- " + m.node(indent+2, depth))
	}
	return text.String()
}

func (m *maker) flow(depth int) string {
	if depth <= 0 || m.Intn(4) == 0 {
		return m.pick("a", "'b, c'", "\"d\"", "1", "~", "[]", "{}", "*x", "", "a b", "-1", "http://x", "a\n  b")
	}
	var parts []string
	list := m.Intn(2) == 0
	for n := m.Intn(4); n > 0; n-- {
		if list && m.Intn(5) > 0 {
			parts = append(parts, m.flow(depth-1))
		} else {
			parts = append(parts, m.pick("", "", "", "? ")+m.pick("a", "b", "\"c\"", "'d'", "1", "[]", "")+m.pick(": ", ": ", ":", " : ")+m.flow(depth-1))
		}
	}
	text := strings.Join(parts, m.pick(", ", ",", " ,", ",\n  ")) + m.pick("", "", ",", " ")
	if list {
		return "[" + text + "]"
	}
	return "{" + text + "}"
}

func (m *maker) scalar(indent int) string {
	lines := "\n" + m.pad(indent)
	switch m.Intn(9) {
	case 0:
		return "'" + m.pick("", "a", "a ''b'' ", " a", m.word()+lines+m.word(), "a"+"\n"+lines+"b", "\\n", "a\t"+lines+"\tb") + "'"
	case 1:
		return "\"" + m.pick("", "a\\tb", "\\u00e9\\x41\\U0001F600", "a \\"+lines+"  b", m.word()+lines+m.word(), "a"+"\n"+lines+"b", "\\\"", "\\N\\_\\L\\P\\e\\0\\a\\b\\v\\f\\r\\/", "a\\\\", "\\ a ") + "\""
	case 2, 3:
		return m.block(indent)
	case 4:
		return m.word() + lines + m.word() + m.pick("", lines+m.word(), "\n"+lines+m.word())
	default:
		return m.word()
	}
}

func (m *maker) block(indent int) string {
	var text strings.Builder
	text.WriteString(m.pick("|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|+1", "|9"))
	text.WriteString(m.comment())
	for n := m.Intn(5); n > 0; n-- {
		text.WriteString("\n")
		switch m.Intn(6) {
		case 0:
			text.WriteString(m.pick("", " ", m.pad(indent)))
		case 1:
			text.WriteString(m.pad(indent) + m.pick(" ", "  ", "\t") + m.word())
		default:
			text.WriteString(m.pad(indent) + m.word() + m.pick("", "", " ", "\t"))
		}
	}
	if m.Intn(3) == 0 {
		text.WriteString(strings.Repeat("\n", 1+m.Intn(3)))
	}
	return text.String()
}

var words = []string{
	"a", "ab cd", "hello world", "x#y", "x #y", "a:b", "a: b", "-", "-a", "- a", "?", "?a", ":a", "::", "@a", "%a", "`", "&", "*",
	"!", "|", ">", "'", "\"", "#", ",", "[", "]", "{", "}", "a,b", "a[0]", "{{ x }}", "it's", "say \"x\"", "\\", "\\n",
	"y", "Y", "n", "N", "yes", "No", "ON", "off", "true", "False", "null", "Null", "~", "NULL", "nULL", "tRue", "o",
	"0", "-0", "+0", "00", "01", "08", "0755", "1_000", "0b101", "0b2", "-0b1", "0b-1", "0b+1", "-0b-1", "0o17", "0o-7", "-0o7", "0x1F", "0xG", "-0x1f", "+1",
	"1.", "1.5", ".5", "+.5", "-.5", ".", "..", "...", "1e3", "1E+3", "1e", "1e400", "1e-400", ".1e400", "1_0.5_0", "0.1e1", ".e1", "1.e1", "0x1p4", "infinity", "nan", "._5",
	".inf", "-.inf", "+.INF", ".nan", ".NaN", "-.nan", ".Nan", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809",
	"190:20:30", "1:60", "1:2.5", "-1:30", "12:30:45", "1:2:", ":1", "1_:3", "1:59.", "0:0",
	"2001-01-01", "2001-1-1", "2001-13-01", "2001-02-29", "2000-02-29", "1900-02-29", "2001-01-32", "2001-01-01T10:20:30Z", "2001-1-1t1:2:3.5+01:00", "2001-01-01 10:20:30", "2001-01-01  10:20:30.1", "2001-01-01 10:20:30 Z", "2001-01-01T10:20:30", "2001-01-01T24:00:00Z", "2001-01-01T1:2:3,4Z", "2001-01-01T10:20:30-24:60", "2001-01-01T10:20:30+25:00", "0000-01-01", "2001-01-01T", "2001-0-1", "2001-01-0",
	"<<", "=", "!!str", "---", "--- a", "....", "--", "é", "日本語", "😀", "a\u00a0b", "\u2028", "a\u2028b", "\u0085", "\ufeff", "a\ufeff", "\ufeffa", "\u00ad", "\ufffd",
	"a\tb", "\ta", "a\t", "a  b", "a   b",
}

func (m *maker) word() string { return words[m.Intn(len(words))] }

// value is one that is written.
func (m *maker) value(depth int) any {
	kinds := 12
	if depth == 0 {
		kinds = 9
	}
	switch m.Intn(kinds) {
	case 0:
		return m.number()
	case 1:
		return []any{nil, true, false, []any{}, map[string]any{}}[m.Intn(5)]
	case 2, 3:
		return m.word()
	case 4, 5, 6:
		return m.prose()
	case 7:
		return m.lines()
	case 8:
		return m.soup()
	case 9, 10:
		object := map[string]any{}
		for n := m.Intn(7); n > 0; n-- {
			object[m.name()] = m.value(depth - 1)
		}
		return object
	default:
		list := []any{}
		for n := m.Intn(5); n > 0; n-- {
			list = append(list, m.value(depth-1))
		}
		return list
	}
}

func (m *maker) number() any {
	switch m.Intn(6) {
	case 0:
		return m.Int63() >> m.Intn(63)
	case 1:
		return -(m.Int63() >> m.Intn(63))
	case 2:
		return uint64(1<<63) + uint64(m.Int63())
	case 3:
		return float(float64(m.Intn(10000000)))
	case 4:
		return float(math.Float64frombits(m.Uint64()))
	default:
		return float(math.Round(m.NormFloat64()*1e5) * math.Pow(10, float64(m.Intn(14)-9)))
	}
}

func float(value float64) any {
	return map[string]any{"$float": strconv.FormatFloat(value, 'g', -1, 64)}
}

// prose is long enough to be folded.
func (m *maker) prose() string {
	var text strings.Builder
	for n := m.Intn(30); n > 0; n-- {
		text.WriteString(m.pick("a", "of", "word", "longer", "considerably", "words", "é", "日本", "x:y", "it's", m.word(), strings.Repeat("z", m.Intn(90))))
		text.WriteString(m.pick(" ", " ", " ", " ", " ", " ", "  ", "   ", "", ": ", " # ", " '", "\" "))
	}
	if m.Intn(2) == 0 {
		return strings.TrimSpace(text.String())
	}
	return text.String()
}

func (m *maker) lines() string {
	var text strings.Builder
	for n := m.Intn(6); n > 0; n-- {
		text.WriteString(m.pick("", "a", " a", "a ", "\ta", "a\tb", "  ", "# a", "- a", "a: b", "é", "😀", "\r", m.prose(), m.word()))
		text.WriteString(m.pick("\n", "\n", "\n\n", "\r\n", "\u2028", "\n\n\n"))
	}
	if m.Intn(2) == 0 {
		text.WriteString(m.word())
	}
	return text.String()
}

func (m *maker) soup() string {
	var text strings.Builder
	for n := m.Intn(12); n > 0; n-- {
		text.WriteString(m.pick(" ", " ", "\n", "\t", "a", "b", ":", "#", "-", "'", "\"", "\\", "é", "\u0001", "\u001b", "\u007f", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "😀", "\ufffe", "<", "&", "0", "\u0000"))
	}
	return text.String()
}

func (m *maker) name() string {
	switch m.Intn(10) {
	case 0:
		return m.word()
	case 1:
		return m.soup()
	case 2:
		return m.prose()
	case 3:
		return m.lines()
	default:
		var text strings.Builder
		for n := 1 + m.Intn(5); n > 0; n-- {
			text.WriteString(m.pick("a", "b", "B", "1", "2", "10", "0", "00", "9", "-", "_", ".", "/", "é", "٣", "ａ", "x", "ʰ", "ⅷ"))
		}
		return text.String()
	}
}
