// Writes what Ice 3.7 makes of named values of Interop.ice, as JSON lines:
//
//   {"name":"int max","encoding":"1.1","format":"none","value":"2147483647","hex":"ffffff7f"}
//
// "value" says what was encoded, "format" is none (no classes in it), compact or sliced; encoding 1.0 knows one form
// only, called none here. Instances follow as writePendingValues writes them; there is no encapsulation around, save
// where the name says so. In encoding 1.0 the instances come in an order that means nothing (that of addresses).
//
// With --strings FOLDER also what it makes of the lines of proxy-strings.txt and identity-strings.txt there, as
// python/golden.py does.

#include "peers.h"

#include <fstream>
#include <limits>

using namespace interop;

namespace
{

using Out = Ice::OutputStream;
using Write = std::function<void(Out&)>;

string
quoted(const string& text)
{
    std::ostringstream out;
    out << '"';
    for(unsigned char c : text)
    {
        if(c == '"' || c == '\\')
        {
            out << '\\' << c;
        }
        else if(c < 0x20)
        {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            out << escape;
        }
        else
        {
            out << c;
        }
    }
    out << '"';
    return out.str();
}

using Slices = vector<std::pair<string, Write>>;

/// An exception written slice by slice, the most derived first.
class Piecewise : public IceUtil::ExceptionHelper<Piecewise, Ice::UserException>
{
public:
    explicit Piecewise(const Slices& slices) : _slices(slices) {}

    string ice_id() const override { return "::interop::" + _slices.front().first; }

protected:
    void _writeImpl(Ice::OutputStream* out) const override
    {
        for(const auto& slice : _slices)
        {
            out->startSlice("::interop::" + slice.first, -1, &slice == &_slices.back());
            slice.second(*out);
            out->endSlice();
        }
    }

private:
    const Slices _slices;
};

class Golden
{
public:
    explicit Golden(const shared_ptr<Ice::Communicator>& ic) : ic(ic), v{ic} {}

    void everything()
    {
        basics();
        sequences();
        dictionaries();
        optionals();
        proxies();
        classes();
        preserved();
        exceptions();
        encapsulations();
    }

private:
    void line(const string& name, const Ice::EncodingVersion& encoding, const string& format, const string& value,
              const vector<Ice::Byte>& bytes)
    {
        std::cout << "{\"name\":" << quoted(name) << ",\"encoding\":\"" << Ice::encodingVersionToString(encoding)
                  << "\",\"format\":\"" << format << "\",\"value\":" << quoted(value) << ",\"hex\":\"" << hex(bytes)
                  << "\"}" << std::endl;
    }

    vector<Ice::Byte> bytesOf(const Ice::EncodingVersion& encoding, Ice::FormatType format, const Write& write)
    {
        // In an encapsulation, as the stream wants one for optionals; its header of 6 bytes is left out.
        Out out(ic, Ice::Encoding_1_1);
        out.startEncapsulation(encoding, format);
        write(out);
        out.endEncapsulation();
        vector<Ice::Byte> bytes;
        out.finished(bytes);
        bytes.erase(bytes.begin(), bytes.begin() + 6);
        return bytes;
    }

    /// Something without classes, in both encodings.
    void plain(const string& name, const string& value, const Write& write)
    {
        for(const auto& encoding : {Ice::Encoding_1_0, Ice::Encoding_1_1})
        {
            line(name, encoding, "none", value, bytesOf(encoding, Ice::FormatType::CompactFormat, write));
        }
    }

    /// Something with classes, in every form.
    void forms(const string& name, const string& value, const Write& write)
    {
        line(name, Ice::Encoding_1_0, "none", value, bytesOf(Ice::Encoding_1_0, Ice::FormatType::SlicedFormat, write));
        line(name, Ice::Encoding_1_1, "compact", value,
             bytesOf(Ice::Encoding_1_1, Ice::FormatType::CompactFormat, write));
        line(name, Ice::Encoding_1_1, "sliced", value,
             bytesOf(Ice::Encoding_1_1, Ice::FormatType::SlicedFormat, write));
    }

    template<typename T> void one(const string& name, const string& text, const T& value)
    {
        plain(name, text, [&](Out& out) { out.write(value); });
    }

    template<typename T> void graph(const string& name, const string& text, const T& value)
    {
        forms(name, text, [&](Out& out)
        {
            out.write(value);
            out.writePendingValues();
        });
    }

    template<typename T> void optional(const string& name, const string& text, int tag, const T& value)
    {
        plain("optional " + name, "tag " + std::to_string(tag) + ": " + text,
              [&](Out& out) { out.write(tag, Ice::optional<T>(value)); });
    }

    void basics()
    {
        for(int size : {0, 1, 254, 255, 256, 70000})
        {
            plain("size " + std::to_string(size), std::to_string(size), [&](Out& out) { out.writeSize(size); });
        }
        one("bool true", "true", true);
        one("bool false", "false", false);
        for(int b : {0, 1, 127, 128, 255})
        {
            one("byte " + std::to_string(b), std::to_string(b), static_cast<Ice::Byte>(b));
        }
        for(int s : {0, 1, -1, 258, -32768, 32767})
        {
            one("short " + std::to_string(s), std::to_string(s), static_cast<short>(s));
        }
        for(int i : {0, 1, -1, 0x01020304, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()})
        {
            one("int " + std::to_string(i), std::to_string(i), i);
        }
        for(long long l : {0LL, 1LL, -1LL, 0x0102030405060708LL, std::numeric_limits<long long>::min(),
                           std::numeric_limits<long long>::max()})
        {
            one("long " + std::to_string(l), std::to_string(l), l);
        }
        using Floats = std::numeric_limits<float>;
        using Doubles = std::numeric_limits<double>;
        one("float 0", "0", 0.0f);
        one("float -0", "-0", -0.0f);
        one("float 1.5", "1.5", 1.5f);
        one("float max", "greatest finite magnitude", Floats::max());
        one("float tiny", "least nonzero magnitude", Floats::denorm_min());
        one("float infinity", "infinity", Floats::infinity());
        one("float -infinity", "-infinity", -Floats::infinity());
        one("float nan", "quiet NaN", Floats::quiet_NaN());
        one("double 0", "0", 0.0);
        one("double -0", "-0", -0.0);
        one("double 1.5", "1.5", 1.5);
        one("double pi", "3.141592653589793", 3.141592653589793);
        one("double max", "greatest finite magnitude", Doubles::max());
        one("double tiny", "least nonzero magnitude", Doubles::denorm_min());
        one("double infinity", "infinity", Doubles::infinity());
        one("double -infinity", "-infinity", -Doubles::infinity());
        one("double nan", "quiet NaN", Doubles::quiet_NaN());
        one("string empty", "\"\"", ""s);
        one("string ascii", "\"hello\"", "hello"s);
        one("string unicode", "\"\u00e4\u00df \u4e16\u754c \U0001f600\"", "\u00e4\u00df \u4e16\u754c \U0001f600"s);
        one("string nul", "\"a\", U+0000, \"b\"", "a\0b"s);
        one("string 254", "254 times x", string(254, 'x'));
        one("string 255", "255 times x", string(255, 'x'));
        one("string 70000", "70000 times y", string(70000, 'y'));
        one("enum byte red", "Colour.red", Colour::red);
        one("enum byte blue", "Colour.blue", Colour::blue);
        one("enum short light", "Weight.light", Weight::light);
        one("enum short medium", "Weight.medium", Weight::medium);
        one("enum short heavy", "Weight.heavy", Weight::heavy);
        one("enum int near", "Distance.near", Distance::near);
        one("enum int middling", "Distance.middling", Distance::middling);
        one("enum int far", "Distance.far", Distance::far);
        one("struct Point", "Point(-1, 2)", Point{-1, 2});
        one("struct Label", "Label(\"label\", [1, -2, 3], Point(4, 5))", v.label());
        one("struct Ident", "Ident(\"name\", \"category\")", Ident{"name", "category"});
    }

    void sequences()
    {
        one("sequence byte", "[0, 1, 255]", ByteSeq{0, 1, 255});
        one("sequence byte empty", "[]", ByteSeq());
        one("sequence byte 255", "255 times 7", ByteSeq(255, 7));
        one("sequence bool", "[true, false, true]", BoolSeq{true, false, true});
        one("sequence short", "[-32768, 0, 32767]", ShortSeq{-32768, 0, 32767});
        one("sequence int", "[1, -2, 3]", IntSeq{1, -2, 3});
        one("sequence int empty", "[]", IntSeq());
        one("sequence int 300", "300 times 7", IntSeq(300, 7));
        one("sequence long", "[1, -1]", LongSeq{1, -1});
        one("sequence float", "[0.5, -0.5]", FloatSeq{0.5f, -0.5f});
        one("sequence double", "[0.25, -1e300]", DoubleSeq{0.25, -1e300});
        one("sequence string", "[\"\", \"a\", \"\u00e9\"]", StringSeq{"", "a", "\u00e9"});
        one("sequence enum", "[Colour.blue, Colour.red]", ColourSeq{Colour::blue, Colour::red});
        one("sequence Point", "[Point(1, 2), Point(3, 4)]", PointSeq{{1, 2}, {3, 4}});
        one("sequence Label", "[Label(\"x\", [1, -2, 3], Point(4, 5))]", LabelSeq{v.label("x")});
        one("sequence of sequences", "[[], [\"a\", \"b\"]]", StringSeqSeq{{}, StringSeq{"a", "b"}});
        one("sequence of dictionaries", "[{}, {\"a\": \"b\"}]", StringStringDictSeq{{}, {{"a", "b"}}});
    }

    void dictionaries()
    {
        one("dictionary empty", "StringStringDict {}", StringStringDict());
        one("dictionary string string", "{\"key\": \"value\"}", StringStringDict{{"key", "value"}});
        one("dictionary int string", "{-1: \"minus\"}", IntStringDict{{-1, "minus"}});
        one("dictionary enum struct", "{Colour.green: Point(5, 6)}", ColourPointDict{{Colour::green, {5, 6}}});
        one("dictionary long sequence", "{1099511627776: [1, 2]}", LongIntSeqDict{{1LL << 40, {1, 2}}});
        one("dictionary int int", "{1: 2}", IntIntDict{{1, 2}});
    }

    /// Encoding 1.0 writes nothing for them.
    void optionals()
    {
        optional("bool", "true", 1, true);
        optional("byte", "200", 1, static_cast<Ice::Byte>(200));
        optional("short", "-3", 1, static_cast<short>(-3));
        optional("int", "70000", 1, 70000);
        optional("long", "-1099511627776", 1, -(1LL << 40));
        optional("float", "1.5", 1, 1.5f);
        optional("double", "-2.25", 1, -2.25);
        optional("string", "\"text\"", 1, "text"s);
        optional("string empty", "\"\"", 1, ""s);
        optional("string 300", "300 times x", 1, string(300, 'x'));
        optional("enum byte", "Colour.blue", 1, Colour::blue);
        optional("enum short", "Weight.heavy", 1, Weight::heavy);
        optional("enum int", "Distance.far", 1, Distance::far);
        optional("struct Point", "Point(1, 2)", 1, Point{1, 2});
        optional("struct Label", "Label(\"label\", [1, -2, 3], Point(4, 5))", 1, v.label());
        optional("sequence byte", "[0, 255]", 1, ByteSeq{0, 255});
        optional("sequence byte empty", "[]", 1, ByteSeq());
        optional("sequence bool", "[true, false]", 1, BoolSeq{true, false});
        optional("sequence short", "[1, -1]", 1, ShortSeq{1, -1});
        optional("sequence int", "[1, 2, 3]", 1, IntSeq{1, 2, 3});
        optional("sequence int empty", "[]", 1, IntSeq());
        optional("sequence int 300", "300 times 7", 1, IntSeq(300, 7));
        optional("sequence long", "[1, -1]", 1, LongSeq{1, -1});
        optional("sequence double", "[0.25]", 1, DoubleSeq{0.25});
        optional("sequence string", "[\"a\", \"\"]", 1, StringSeq{"a", ""});
        optional("sequence enum", "[Colour.blue]", 1, ColourSeq{Colour::blue});
        optional("sequence Point", "[Point(3, 4)]", 1, PointSeq{{3, 4}});
        optional("sequence Label", "[Label(\"x\", [1, -2, 3], Point(4, 5))]", 1, LabelSeq{v.label("x")});
        optional("dictionary int int", "{1: 2}", 1, IntIntDict{{1, 2}});
        optional("dictionary int int empty", "{}", 1, IntIntDict());
        optional("dictionary string string", "{\"k\": \"v\"}", 1, StringStringDict{{"k", "v"}});
        optional("proxy", "cat/name -f facet -o -e 1.1:tcp -h 127.0.0.1 -p 4063 -t 5000 -z", 1, v.proxy());
        optional("proxy null", "null", 1, shared_ptr<Ice::ObjectPrx>());
        for(int tag : {0, 29, 30, 31, 254, 255, 300})
        {
            optional("tag " + std::to_string(tag), "int 5", tag, 5);
        }
        plain("optional none", "tag 1: unset int", [](Out& out) { out.write(1, Ice::optional<int>()); });
        forms("optional class", "tag 1: Base(1)", [&](Out& out)
        {
            out.write(1, Ice::optional<shared_ptr<Base>>(v.base(1)));
            out.writePendingValues();
        });
        forms("optional class null", "tag 1: null Base", [&](Out& out)
        {
            out.write(1, Ice::optional<shared_ptr<Base>>(nullptr));
            out.writePendingValues();
        });
        plain("optional parameters", "those of optMixed: required 10, tag 3: int 3, tag 7: \"four\"", [](Out& out)
        {
            out.write(10);
            out.write(3, Ice::optional<int>(3));
            out.write(7, Ice::optional<string>("four"));
        });
        graph("class Optionals full", "as Values.options makes it (peers.h, peers.py)", v.options());
        graph("class Optionals empty", "nothing set", v.options(false));
        graph("class Middle set", "Middle(b 1, m \"m\", om 5)", v.middle(5, "m"));
        graph("class Middle unset", "Middle(b 1, m \"m\", om unset)", v.middle(Ice::nullopt, "m"));
    }

    void proxies()
    {
        for(const auto& text : {
                "", "name", "cat/name", "name -f facet", "name -o", "name -O", "name -d", "name -D", "name -s",
                "name -e 1.0", "name -p 1.1", "name @ adapter", "cat/name -f facet @ adapter",
                "name:tcp -h 127.0.0.1 -p 10000", "name:tcp -h 127.0.0.1 -p 10000 -t 5000",
                "name:tcp -h 127.0.0.1 -p 10000 -t infinite", "name:tcp -h 127.0.0.1 -p 10000 -z",
                "name:tcp -h \"::1\" -p 10000", "name:ssl -h host -p 4064 -t 10000",
                "name:ssl -h host -p 4064 -z", "name:ws -h host -p 80", "name:ws -h host -p 80 -r /omero/ws",
                "name:wss -h host -p 443 -r /omero-wss -t 1000 -z", "name:udp -h 127.0.0.1 -p 10000",
                "name:udp -h 127.0.0.1 -p 10000 -z", "name:opaque -t 100 -e 1.1 -v abcd",
                "name:tcp -h a -p 1:ssl -h b -p 2:ws -h c -p 3:wss -h d -p 4",
                "\"na\u00efve cat/\u540d\u524d\" -f \"\u00e9\""})
        {
            one("proxy "s + (*text ? text : "null"), *text ? text : "null", ic->stringToProxy(text));
        }
    }

    void classes()
    {
        graph("class null", "null Base", shared_ptr<Base>());
        graph("class Base", "Base(1)", v.base(1));
        graph("class Empty", "Empty()", make_shared<Empty>());
        graph("class Derived", "Derived(b 1, m \"m\", om 2, d 3.5, peer Base(9))", v.derived());
        auto selfish = make_shared<Derived>(1, "m", Ice::nullopt, 3.5, nullptr);
        selfish->peer = selfish;
        graph("class Derived cyclic", "Derived(b 1, m \"m\", om unset, d 3.5, peer: itself)", selfish);
        graph("class Compact", "Compact(\"c\")", make_shared<Compact>("c"));
        graph("class CompactDerived", "CompactDerived(\"c\", 6)", make_shared<CompactDerived>("c", 6));
        graph("class Node", "Node \"n\", nothing else", v.node("n"));
        graph("class ring 1", "Values.ring(1): Node \"node 0\", next: itself", v.ring(1));
        graph("class ring 3", "Values.ring(3)", v.ring(3));
        graph("class web", "as Values.web makes it: cycles, sharing, every field of Node", v.web());
        auto shared = v.base(1);
        graph("class Pair shared", "Pair(x, x) with x = Base(1)", Pair{shared, shared});
        graph("class Pair apart", "Pair(Base(1), Base(1))", Pair{v.base(1), v.base(1)});
        graph("class Pair nulls", "Pair(null, null)", Pair{});
        graph("class sequence", "[Base(1), null, Derived as above, Base(2)]",
              BaseSeq{v.base(1), nullptr, v.derived(), v.base(2)});
        graph("class sequence empty", "BaseSeq []", BaseSeq());
        graph("class sequence Compact", "Compact(\"1\"), CompactDerived(\"2\", 2), Compact(\"3\") as sequence<Object>",
              vector<shared_ptr<Ice::Value>>{make_shared<Compact>("1"), make_shared<CompactDerived>("2", 2),
                                             make_shared<Compact>("3")});
        graph("class dictionary", "{\"n\": Node \"n\"}", StringNodeDict{{"n", v.node("n")}});
        graph("class graph 3", "Values.graph(3)", v.graph(3));
        forms("class parameters", "int 7, Base(1), string \"x\", the same Base, Node \"n\"", [&](Out& out)
        {
            out.write(7);
            out.write(shared);
            out.write("x"s);
            out.write(shared);
            out.write(v.node("n"));
            out.writePendingValues();
        });
        forms("class parameters nulls", "null Base, int 7; then writePendingValues", [&](Out& out)
        {
            out.write(shared_ptr<Base>());
            out.write(7);
            out.writePendingValues();
        });
        graph("class Unknown1", "Unknown1(b 7, extra \"unknown\")", make_shared<Unknown1>(7, "unknown"));
        graph("class AllTypes", "as Values.allTypes makes it", v.allTypes());
        graph("class AllTypesMore", "as Values.allTypesMore makes it", v.allTypesMore());
    }

    void preserved()
    {
        graph("class Preserved", "Preserved(5)", make_shared<Preserved>(5));
        graph("class PreservedKnown", "PreservedKnown(5, \"k\")", make_shared<PreservedKnown>(5, "k"));
        graph("class PUnknown", "as Values.preservedUnknown makes it", v.preservedUnknown());

        // What a receiver that lacks the type sends on: the same bytes with another type id, read and written again.
        auto bytes = encoded(ic, v.preservedUnknown());
        const string known = "PUnknown";
        auto at = std::search(bytes.begin(), bytes.end(), known.begin(), known.end());
        *(at + known.size() - 1) = 'X';
        line("class PUnknowX as received", Ice::Encoding_1_1, "sliced", "PUnknown renamed to a type nobody knows", bytes);
        Ice::InputStream in(ic, Ice::Encoding_1_1, bytes);
        shared_ptr<Preserved> received;
        in.read(received);
        in.readPendingValues();
        graph("class PUnknowX forwarded", "what Ice writes for the instance it read from 'as received'", received);
        graph("class PUnknowX forwarded twice", "[x, x, Base(1)] as sequence<Object>, x as before",
              vector<shared_ptr<Ice::Value>>{received, received, v.base(1)});
    }

    /// C++ of Ice 3.7 forgets the flag of the last slice in exceptions (known to its makers: zeroc-ice/ice, issue 1938).
    /// So in 1.1 each comes twice: slice by slice with the flag, as 3.6 sends it, and "by 3.7".
    void exceptions()
    {
        auto thrown = [&](const string& name, const string& value, const Ice::UserException& error, const Slices& slices)
        {
            auto whole = [&](Out& out) { out.writeException(error); };
            auto piecewise = [&](Out& out) { out.writeException(Piecewise(slices)); };
            line("exception " + name, Ice::Encoding_1_0, "none", value,
                 bytesOf(Ice::Encoding_1_0, Ice::FormatType::SlicedFormat, whole));
            for(auto format : {Ice::FormatType::CompactFormat, Ice::FormatType::SlicedFormat})
            {
                auto formatName = format == Ice::FormatType::CompactFormat ? "compact" : "sliced";
                line("exception " + name, Ice::Encoding_1_1, formatName, value,
                     bytesOf(Ice::Encoding_1_1, format, piecewise));
                line("exception " + name + " by 3.7", Ice::Encoding_1_1, formatName, value,
                     bytesOf(Ice::Encoding_1_1, format, whole));
            }
        };
        auto failure = [](const string& reason)
        {
            return std::make_pair("Failure"s, Write([reason](Out& out) { out.write(reason); }));
        };
        auto detailed = [](const shared_ptr<Node>& where, const Ice::optional<string>& hint)
        {
            return std::make_pair("DetailedFailure"s, Write([where, hint](Out& out)
            {
                out.write(17);
                out.write(where);
                out.write(1, hint);
            }));
        };
        thrown("Failure", "Failure(\"failure\")", Failure("failure"), {failure("failure")});
        auto where = v.node("where");
        thrown("DetailedFailure", "DetailedFailure(\"detailed\", 17, Node \"where\", hint \"a hint\")",
               DetailedFailure("detailed", 17, where, "a hint"s), {detailed(where, "a hint"s), failure("detailed")});
        thrown("DetailedFailure bare", "DetailedFailure(\"detailed\", 17, null, hint unset)",
               DetailedFailure("detailed", 17, nullptr, Ice::nullopt),
               {detailed(nullptr, Ice::nullopt), failure("detailed")});
        auto ring = v.ring(2);
        thrown("DetailedFailure ring", "DetailedFailure(\"detailed\", 17, Values.ring(2), hint unset)",
               DetailedFailure("detailed", 17, ring, Ice::nullopt), {detailed(ring, Ice::nullopt), failure("detailed")});
        thrown("UnknownFailure", "UnknownFailure(\"unknownUser\", 3, \"more\")",
               UnknownFailure("unknownUser", 3, "more"),
               {{"UnknownFailure", [](Out& out) { out.write(3); out.write("more"s); }}, failure("unknownUser")});
        thrown("Undeclared", "Undeclared(\"undeclared\")", Undeclared("undeclared"),
               {{"Undeclared", [](Out& out) { out.write("undeclared"s); }}});
    }

    /// Each in a stream of encoding 1.1, as in a message.
    void encapsulations()
    {
        auto wrapped = [&](const string& name, const string& value, const Ice::EncodingVersion& encoding,
                           Ice::FormatType format, const string& formatName, const Write& write)
        {
            line("encapsulation " + name, encoding, formatName, value,
                 bytesOf(Ice::Encoding_1_1, format, [&](Out& out)
            {
                out.startEncapsulation(encoding, format);
                write(out);
                out.endEncapsulation();
            }));
        };
        auto compact = Ice::FormatType::CompactFormat, sliced = Ice::FormatType::SlicedFormat;
        auto both = [&](Out& out)
        {
            out.write(7);
            out.write(v.derived());
            out.writePendingValues();
        };
        for(const auto& encoding : {Ice::Encoding_1_0, Ice::Encoding_1_1})
        {
            wrapped("nothing started", "no values", encoding, compact, "none", [](Out&) {});
            line("encapsulation empty", encoding, "none", "writeEmptyEncapsulation", bytesOf(
                Ice::Encoding_1_1, compact, [&](Out& out) { out.writeEmptyEncapsulation(encoding); }));
            wrapped("values", "int 7, string \"x\"", encoding, compact, "none", [](Out& out)
            {
                out.write(7);
                out.write("x"s);
            });
        }
        wrapped("classes", "int 7, Derived(b 1, m \"m\", om 2, d 3.5, peer Base(9))", Ice::Encoding_1_0, sliced, "none",
                both);
        wrapped("classes", "int 7, Derived(b 1, m \"m\", om 2, d 3.5, peer Base(9))", Ice::Encoding_1_1, compact,
                "compact", both);
        wrapped("classes", "int 7, Derived(b 1, m \"m\", om 2, d 3.5, peer Base(9))", Ice::Encoding_1_1, sliced,
                "sliced", both);
    }

    const shared_ptr<Ice::Communicator> ic;
    const Values v;
};

vector<string>
linesOf(const string& path)
{
    std::ifstream file(path);
    if(!file)
    {
        throw std::runtime_error("cannot read " + path);
    }
    vector<string> lines;
    for(string line; std::getline(file, line);)
    {
        lines.push_back(line);
    }
    return lines;
}

/// The exception's name without its scope.
string
nameOf(const Ice::Exception& error)
{
    auto id = error.ice_id();
    return id.substr(id.rfind(':') + 1);
}

void
strings(const shared_ptr<Ice::Communicator>& ic, const string& folder)
{
    for(const auto& text : linesOf(folder + "/proxy-strings.txt"))
    {
        std::cout << "{\"name\":\"proxy-string\",\"input\":" << quoted(text);
        try
        {
            auto output = ic->proxyToString(ic->stringToProxy(text));
            std::cout << ",\"output\":" << quoted(output);
        }
        catch(const Ice::Exception& error)
        {
            std::cout << ",\"error\":" << quoted(nameOf(error));
        }
        std::cout << "}" << std::endl;
    }
    for(const auto& text : linesOf(folder + "/identity-strings.txt"))
    {
        std::cout << "{\"name\":\"identity-string\",\"input\":" << quoted(text);
        try
        {
            auto identity = Ice::stringToIdentity(text);
            auto output = ic->identityToString(identity);
            std::cout << ",\"identity\":{\"category\":" << quoted(identity.category) << ",\"id\":"
                      << quoted(identity.name) << "},\"output\":" << quoted(output);
        }
        catch(const Ice::Exception& error)
        {
            std::cout << ",\"error\":" << quoted(nameOf(error));
        }
        std::cout << "}" << std::endl;
    }
}

}

int
main(int argc, char* argv[])
{
    Options options(argc, argv, {"strings", "property"}, {});
    try
    {
        // ssl and wss are known endpoints only with the plug-in.
        Ice::registerIceSSL();
        Ice::CommunicatorHolder holder(makeCommunicator(options, "client", {{"Ice.Warn.Endpoints", "0"}}));
        Golden(holder.communicator()).everything();
        if(options.has("strings"))
        {
            strings(holder.communicator(), options.value("strings"));
        }
        return 0;
    }
    catch(const std::exception& error)
    {
        std::cerr << argv[0] << ": " << error.what() << std::endl;
        return 1;
    }
}
