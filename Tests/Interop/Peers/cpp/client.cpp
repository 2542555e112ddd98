// Runs every operation of interop::Peer against a server, with Ice 3.7; the same checks as python/client.py.
//
// Prints "ok NAME" or "FAIL NAME: expected ... got ..." for each check, at the end "DONE passed=N failed=M".

#include "peers.h"

#include <Glacier2/Glacier2.h>

#include <chrono>
#include <cmath>
#include <future>
#include <mutex>
#include <numeric>

using namespace interop;
using Clock = std::chrono::steady_clock;

namespace
{

class Checks
{
public:
    void ok(const string& name)
    {
        ++passed;
        std::cout << "ok " << name << std::endl;
    }

    void failure(const string& name, const string& expected, const string& got)
    {
        ++failed;
        std::cout << "FAIL " << name << ": expected " << expected << " got " << got << std::endl;
    }

    /// The block must return true.
    void holds(const string& name, const std::function<bool()>& block)
    {
        try
        {
            block() ? ok(name) : failure(name, "that it holds", "that it does not");
        }
        catch(const std::exception& error)
        {
            failure(name, "no exception", describe(error));
        }
    }

    /// The block must throw that very type, and the condition hold for the exception.
    template<typename E> void
    raises(const string& name, const std::function<void()>& block,
           const std::function<bool(const E&)>& condition = [](const E&) { return true; })
    {
        try
        {
            block();
            failure(name, typeid(E).name(), "a result");
        }
        catch(const E& error)
        {
            if(typeid(error) != typeid(E))
            {
                failure(name, typeid(E).name(), describe(error));
            }
            else if(!condition(error))
            {
                failure(name, "other contents", describe(error));
            }
            else
            {
                ok(name);
            }
        }
        catch(const std::exception& error)
        {
            failure(name, typeid(E).name(), describe(error));
        }
    }

    static string describe(const std::exception& error)
    {
        std::ostringstream text;
        if(auto ice = dynamic_cast<const Ice::Exception*>(&error))
        {
            text << *ice;
        }
        else
        {
            text << error.what();
        }
        string line = text.str();
        std::replace(line.begin(), line.end(), '\n', ' ');
        return line;
    }

    int passed = 0;
    int failed = 0;
};

class CallbackI : public Callback
{
public:
    int notify(int n, string text, const Ice::Current&) override
    {
        add(std::to_string(n) + " " + text);
        return n * 10;
    }

    void ping(const Ice::Current&) override { add("ping"); }

    /// What came since the last time.
    vector<string> take()
    {
        std::lock_guard<std::mutex> lock(_mutex);
        return std::move(_received);
    }

private:
    void add(const string& what)
    {
        std::lock_guard<std::mutex> lock(_mutex);
        _received.push_back(what);
    }

    std::mutex _mutex;
    vector<string> _received;
};

class Run
{
public:
    Run(const shared_ptr<Ice::Communicator>& ic, const shared_ptr<Ice::ObjectPrx>& proxy, const Options& options) :
        ic(ic), raw(proxy), p(Ice::uncheckedCast<PeerPrx>(proxy)), v{ic},
        encodingName(options.value("encoding", "1.1")), old(encodingName == "1.0"), knownThere(!options.has("server-lacks-unknown"))
    {
    }

    int everything()
    {
        part("object operations", [this] { objectOperations(); });
        part("echoes", [this] { echoes(); });
        part("parameters", [this] { parameters(); });
        part("classes", [this] { classes(); });
        part("optionals", [this] { optionals(); });
        part("exceptions", [this] { exceptions(); });
        part("unknown", [this] { unknown(); });
        part("invocations", [this] { invocations(); });
        part("context", [this] { context(); });
        part("asynchronous", [this] { asynchronous(); });
        part("callbacks", [this] { callbacks(); });
        std::cout << "DONE passed=" << c.passed << " failed=" << c.failed << std::endl;
        return c.failed || !c.passed ? 1 : 0;
    }

private:
    void part(const string& name, const std::function<void()>& block)
    {
        try
        {
            block();
        }
        catch(const std::exception& error)
        {
            c.failure(name, "no exception", Checks::describe(error));
        }
    }

    /// The call's result must equal the expected value.
    template<typename T> void
    equal(const string& name, const T& expected, const std::function<T()>& call)
    {
        try
        {
            auto want = encoded(ic, old ? asReceivedIn10(ic, expected) : expected), got = encoded(ic, call());
            want == got ? c.ok(name) : c.failure(name, hex(want, 200), hex(got, 200));
        }
        catch(const std::exception& error)
        {
            c.failure(name, "no exception", Checks::describe(error));
        }
    }

    template<typename T> void
    echo(const string& name, const vector<T>& values, const std::function<T(const T&)>& call)
    {
        for(size_t k = 0; k < values.size(); ++k)
        {
            const T value = values[k];
            equal<T>("echo" + name + " " + std::to_string(k), value, [&] { return call(value); });
        }
    }

    template<typename T> void
    opt(const string& name, const vector<T>& values,
        const std::function<Ice::optional<T>(const Ice::optional<T>&)>& call)
    {
        c.holds("opt" + name + " unset", [&] { return !call(Ice::nullopt); });
        for(size_t k = 0; k < values.size(); ++k)
        {
            const T value = values[k];
            auto check = "opt" + name + " " + std::to_string(k);
            if(old)
            {
                c.holds(check, [&] { return !call(value); });
            }
            else
            {
                equal<T>(check, value, [&]
                {
                    auto result = call(value);
                    if(!result)
                    {
                        throw std::runtime_error("unset");
                    }
                    return *result;
                });
            }
        }
    }

    void objectOperations()
    {
        c.holds("ice_ping", [&] { return p->ice_ping(), true; });
        c.holds("ice_isA", [&] { return p->ice_isA("::interop::Peer"); });
        c.holds("ice_isA other", [&] { return !p->ice_isA("::interop::Callback"); });
        c.holds("ice_id", [&] { return p->ice_id() == "::interop::Peer"; });
        c.holds("ice_ids", [&] { return p->ice_ids() == StringSeq{"::Ice::Object", "::interop::Peer"}; });
        c.holds("checkedCast", [&] { return Ice::checkedCast<PeerPrx>(raw) != nullptr; });
        c.holds("checkedCast other", [&] { return Ice::checkedCast<CallbackPrx>(raw) == nullptr; });
        c.holds("facetName", [&] { return p->facetName().empty(); });
        c.holds("facetName second", [&]
        {
            auto second = Ice::checkedCast<PeerPrx>(raw, "second");
            return second && second->facetName() == "second";
        });
        equal<Ident>("identity", {"interop", ""}, [&] { return p->identity(); });
        auto other = Ice::uncheckedCast<PeerPrx>(raw->ice_identity({"any name", "default"}));
        equal<Ident>("default servant", {"any name", "default"}, [&] { return other->identity(); });
        c.raises<Ice::ObjectNotExistException>(
            "ObjectNotExist", [&] { raw->ice_identity({"absent", ""})->ice_ping(); },
            [](auto& e) { return e.id.name == "absent" && e.facet.empty() && e.operation == "ice_ping"; });
        c.raises<Ice::FacetNotExistException>(
            "FacetNotExist", [&] { raw->ice_facet("absent")->ice_ping(); },
            [](auto& e) { return e.id.name == "interop" && e.facet == "absent" && e.operation == "ice_ping"; });
        auto callback = Ice::uncheckedCast<CallbackPrx>(raw);
        c.raises<Ice::OperationNotExistException>(
            "OperationNotExist", [&] { callback->ping(); },
            [](auto& e) { return e.id.name == "interop" && e.operation == "ping"; });
    }

#define ECHOES(name, type, ...)                                                                                        \
    echo<type>(#name, vector<type>__VA_ARGS__, [this](const type& value) -> type { return p->echo##name(value); })

    void echoes()
    {
        using Shorts = std::numeric_limits<short>;
        using Ints = std::numeric_limits<int>;
        using Longs = std::numeric_limits<long long>;
        using Floats = std::numeric_limits<float>;
        using Doubles = std::numeric_limits<double>;
        using BasePtr = shared_ptr<Base>;
        using NodePtr = shared_ptr<Node>;
        using ValuePtr = shared_ptr<Ice::Value>;
        using EmptyPtr = shared_ptr<Empty>;
        using CompactPtr = shared_ptr<Compact>;
        using ObjectPrxPtr = shared_ptr<Ice::ObjectPrx>;
        using PeerPrxPtr = shared_ptr<PeerPrx>;
        const string text = "\u00e4\u00df \u4e16\u754c \U0001f600 \0 end"s;
        const Point point{Ints::min(), Ints::max()};
        ByteSeq many;
        for(int k = 0; k < 256 * 300; ++k)
        {
            many.push_back(static_cast<Ice::Byte>(k));
        }
        IntSeq some(255);
        std::iota(some.begin(), some.end(), 0);

        ECHOES(Bool, bool, {true, false});
        ECHOES(Byte, Ice::Byte, {0, 1, 127, 128, 255});
        ECHOES(Short, short, {0, -1, Shorts::min(), Shorts::max()});
        ECHOES(Int, int, {0, -1, Ints::min(), Ints::max()});
        ECHOES(Long, long long, {0, -1, Longs::min(), Longs::max()});
        ECHOES(Float, float,
               {0, 1.5f, Floats::lowest(), Floats::denorm_min(), Floats::infinity(), Floats::quiet_NaN()});
        ECHOES(Double, double,
               {0, -1.5, Doubles::max(), Doubles::denorm_min(), -Doubles::infinity(), Doubles::quiet_NaN()});
        ECHOES(String, string, {"", "a", text, string(254, 'x'), string(255, 'x'), string(70000, 'y')});
        ECHOES(Colour, Colour, {Colour::red, Colour::blue});
        ECHOES(Weight, Weight, {Weight::light, Weight::medium, Weight::heavy});
        ECHOES(Distance, Distance, {Distance::near, Distance::middling, Distance::far});
        ECHOES(Point, Point, {point});
        ECHOES(Label, Label, {v.label(), v.label("")});
        ECHOES(Bytes, ByteSeq, {ByteSeq(), ByteSeq{0, 1, 255}, many});
        ECHOES(Bools, BoolSeq, {BoolSeq(), BoolSeq{true, false, true}});
        ECHOES(Shorts, ShortSeq, {ShortSeq(), ShortSeq{Shorts::min(), 0, Shorts::max()}});
        ECHOES(Ints, IntSeq, {IntSeq(), IntSeq{Ints::min(), 0, Ints::max()}, some});
        ECHOES(Longs, LongSeq, {LongSeq(), LongSeq{Longs::min(), Longs::max()}});
        ECHOES(Floats, FloatSeq, {FloatSeq(), FloatSeq{0.5f, -0.5f}});
        ECHOES(Doubles, DoubleSeq, {DoubleSeq(), DoubleSeq{0.1, -1e300}});
        ECHOES(Strings, StringSeq, {StringSeq(), StringSeq{"", text}, StringSeq(300, "s")});
        ECHOES(Colours, ColourSeq, {ColourSeq(), ColourSeq{Colour::blue, Colour::red}});
        ECHOES(Points, PointSeq, {PointSeq(), PointSeq{point, {0, 0}}});
        ECHOES(Labels, LabelSeq, {LabelSeq(), LabelSeq{v.label(), v.label("2")}});
        ECHOES(StringLists, StringSeqSeq, {StringSeqSeq(), StringSeqSeq{{}, {"a"}, StringSeq{"b", "c"}}});
        ECHOES(Dicts, StringStringDictSeq, {StringStringDictSeq(), StringStringDictSeq{{}, {{"a", "b"}}}});
        ECHOES(Proxies, ObjectProxySeq, {ObjectProxySeq(), ObjectProxySeq{v.proxy(), nullptr}});
        ECHOES(Nodes, NodeSeq, {NodeSeq(), NodeSeq{nullptr, v.node("one")}, NodeSeq{v.web()}});
        ECHOES(StringStrings, StringStringDict, {{}, {{"a", "1"}, {"", "empty"}, {text, text}}});
        ECHOES(IntStrings, IntStringDict, {{}, {{-1, "minus"}, {70000, "plus"}}});
        ECHOES(ColourPoints, ColourPointDict, {{}, {{Colour::green, point}}});
        ECHOES(StringNodes, StringNodeDict, {{}, {{"n", v.web()}}});
        ECHOES(LongInts, LongIntSeqDict, {{}, {{1LL << 40, {1, 2, 3}}, {-1, {}}}});
        ECHOES(Proxy, ObjectPrxPtr,
               {nullptr, v.proxy(), ic->stringToProxy("wellknown"), ic->stringToProxy("a/b -t @ adapter")});
        ECHOES(Peer, PeerPrxPtr, {nullptr, v.peer("p -s -e 1.0:ssl -h h -p 1:ws -h h -p 2 -r /r")});
        ECHOES(Peers, PeerProxySeq, {PeerProxySeq(), PeerProxySeq{nullptr, v.peer("p:udp -h 127.0.0.1 -p 9")}});
        ECHOES(Base, BasePtr, {nullptr, v.base(1), v.middle(), v.middle(5, "m"), v.derived()});
        ECHOES(BaseCompact, BasePtr, {nullptr, v.base(1), v.derived()});
        ECHOES(BaseSliced, BasePtr, {nullptr, v.base(1), v.derived()});
        ECHOES(Bases, BaseSeq, {BaseSeq(), BaseSeq{v.base(1), nullptr, v.derived()}});
        ECHOES(Node, NodePtr, {nullptr, v.node("n"), v.web()});
        ECHOES(NodeSliced, NodePtr, {nullptr, v.node("n"), v.web()});
        ECHOES(Object, ValuePtr, {nullptr, make_shared<Empty>(), v.web(), make_shared<CompactDerived>("c", 2)});
        ECHOES(Empty, EmptyPtr, {nullptr, make_shared<Empty>()});
        ECHOES(Compact, CompactPtr, {nullptr, make_shared<Compact>("c"), make_shared<CompactDerived>("c", 2)});
        ECHOES(CompactSliced, CompactPtr, {nullptr, make_shared<Compact>("c"), make_shared<CompactDerived>("c", 2)});
    }

    void parameters()
    {
        c.holds("addAll", [&]
        {
            string text;
            auto sum = p->addAll(255, -3, 70000, 1LL << 40, text);
            return sum == 255 - 3 + 70000 + (1LL << 40) && text == "255+-3+70000+1099511627776";
        });
        c.holds("divide", [&]
        {
            int quotient, rest;
            p->divide(-10, 3, quotient, rest);
            return quotient == -3 && rest == -1;
        });
        c.raises<Failure>("divide by zero", [&] { int q, r; p->divide(1, 0, q, r); },
                          [](auto& e) { return e.reason == "division by zero"; });
        auto everything = [&](const string& name, const shared_ptr<AllTypes>& value)
        {
            string doubled;
            auto turned = Colour::blue;
            equal<shared_ptr<AllTypes>>("echoEverything " + name, value,
                                        [&] { return p->echoEverything(value, doubled, turned); });
            c.holds("echoEverything " + name + " out",
                    [&] { return doubled == value->aString + value->aString && turned == Colour::red; });
        };
        everything("AllTypes", v.allTypes());
        everything("AllTypesMore", v.allTypesMore());
    }

    void classes()
    {
        auto one = v.base(1);
        c.holds("echoPair shared", [&]
        {
            bool same;
            auto pair = p->echoPair({one, one}, same);
            return same && pair.first && pair.first == pair.second && pair.first->b == 1;
        });
        c.holds("echoPair apart", [&]
        {
            bool same;
            auto pair = p->echoPair({one, v.base(1)}, same);
            return !same && pair.second && pair.first != pair.second && pair.second->b == 1;
        });
        for(int n : {0, 1, 2, 100})
        {
            c.holds("ring " + std::to_string(n), [&] { return v.ringLength(p->ring(n)) == n; });
            c.holds("ringLength " + std::to_string(n), [&] { return p->ringLength(v.ring(n)) == n; });
        }
        auto chain = v.node("a");
        chain->next = v.node("b");
        c.holds("ringLength chain", [&] { return p->ringLength(chain) == -1; });
        for(int n : {0, 1, 1000})
        {
            c.holds("graph " + std::to_string(n), [&] { return v.graphSize(p->graph(n)) == n; });
            c.holds("graphSize " + std::to_string(n), [&] { return p->graphSize(v.graph(n)) == n; });
        }
        equal<ItemSeq>("graph content", v.graph(5), [&] { return p->graph(5); });
        auto broken = v.graph(3);
        broken[2]->owner = broken[1];
        c.holds("graphSize broken", [&] { return p->graphSize(broken) == -1; });
        for(bool full : {false, true})
        {
            // Encoding 1.0 drops every optional member; compared in 1.1, which would show any.
            c.holds("echoOptionals "s + (full ? "full" : "empty"), [&]
            {
                return encoded(ic, v.options(full && !old)) == encoded(ic, p->echoOptionals(v.options(full)));
            });
        }
    }

#define OPTIONALS(name, type, ...)                                                                                     \
    opt<type>(#name, vector<type>__VA_ARGS__,                                                                          \
              [this](const Ice::optional<type>& value) -> Ice::optional<type> { return p->opt##name(value); })

    void optionals()
    {
        using ObjectPrxPtr = shared_ptr<Ice::ObjectPrx>;
        using BasePtr = shared_ptr<Base>;
        OPTIONALS(Bool, bool, {true, false});
        OPTIONALS(Byte, Ice::Byte, {0, 255});
        OPTIONALS(Short, short, {-1});
        OPTIONALS(Int, int, {0, std::numeric_limits<int>::min()});
        OPTIONALS(Long, long long, {1LL << 62});
        OPTIONALS(Float, float, {1.5f});
        OPTIONALS(Double, double, {-1.5});
        OPTIONALS(String, string, {"", "text", string(300, 'x')});
        OPTIONALS(Colour, Colour, {Colour::green});
        OPTIONALS(Bytes, ByteSeq, {ByteSeq(), ByteSeq{1, 2}});
        OPTIONALS(Ints, IntSeq, {IntSeq(), IntSeq{1, 2, 3}, IntSeq(300, 7)});
        OPTIONALS(Strings, StringSeq, {StringSeq(), StringSeq{"a", ""}});
        OPTIONALS(Point, Point, {{1, 2}});
        OPTIONALS(Label, Label, {v.label()});
        OPTIONALS(IntInts, IntIntDict, {IntIntDict(), IntIntDict{{1, 2}, {3, 4}}});
        OPTIONALS(Dict, StringStringDict, {StringStringDict(), StringStringDict{{"a", "b"}}});
        OPTIONALS(Proxy, ObjectPrxPtr, {nullptr, v.proxy()});
        OPTIONALS(Base, BasePtr, {nullptr, v.base(1), v.derived()});
        mixed("optMixed", "four"s, 3);
        mixed("optMixed unset", Ice::nullopt, Ice::nullopt);
        mixed("optMixed half", Ice::nullopt, 3);
    }

    void mixed(const string& name, const Ice::optional<string>& b, const Ice::optional<int>& a)
    {
        c.holds(name, [&]
        {
            Ice::optional<string> outB;
            Ice::optional<int> outA;
            int twice;
            auto result = p->optMixed(b, 10, a, outB, twice, outA);
            if(old)
            {
                return result == 10 && twice == 20 && !outB && !outA;
            }
            return result == 10 + (b ? static_cast<int>(b->size()) : 0) + (a ? *a : 0) && twice == 20 && outB == b &&
                outA == a;
        });
    }

    using Fail = std::function<void(const string&)>;

    std::map<string, Fail> failing()
    {
        return {
            {"fail", [this](const string& kind) { p->fail(kind); }},
            {"failSliced", [this](const string& kind) { p->failSliced(kind); }},
            {"failCompact", [this](const string& kind) { p->failCompact(kind); }},
        };
    }

    void exceptions()
    {
        for(const auto& form : failing())
        {
            const string& name = form.first;
            auto call = [&](const string& kind) { return [&form, kind] { form.second(kind); }; };
            c.holds(name + " none", [&] { return form.second("none"), true; });
            c.raises<Failure>(name + " failure", call("failure"), [](auto& e) { return e.reason == "failure"; });
            c.raises<DetailedFailure>(name + " detailed", call("detailed"), [&](auto& e)
            {
                return e.reason == "detailed" && e.code == 17 && e.where && e.where->name == "where" &&
                    (old ? !e.hint : e.hint == Ice::optional<string>("a hint"));
            });
            c.raises<DetailedFailure>(name + " detailedNoHint", call("detailedNoHint"), [](auto& e)
            {
                return e.reason == "detailed" && e.code == 17 && !e.where && !e.hint;
            });
            c.raises<Ice::UnknownUserException>(name + " undeclared", call("undeclared"));
            c.raises<Ice::UnknownLocalException>(name + " local", call("local"));
            c.raises<Ice::UnknownException>(name + " crash", call("crash"));
            c.raises<Ice::ObjectNotExistException>(
                name + " objectNotExist", call("objectNotExist"),
                [&](auto& e) { return e.id.name == "interop" && e.operation == name; });
            c.raises<Ice::FacetNotExistException>(name + " facetNotExist", call("facetNotExist"));
            c.raises<Ice::OperationNotExistException>(name + " operationNotExist", call("operationNotExist"));
        }
    }

    void unknown()
    {
        using BasePtr = shared_ptr<Base>;
        using PreservedPtr = shared_ptr<Preserved>;
        for(const auto& form : failing())
        {
            auto name = form.first + " unknownUser";
            auto call = [&form] { form.second("unknownUser"); };
            if(knownThere)
            {
                c.raises<UnknownFailure>(name, call, [](auto& e)
                {
                    return e.reason == "unknownUser" && e.unknown == 3 && e.more == "more";
                });
            }
            else
            {
                c.raises<Failure>(name, call, [](auto& e) { return e.reason == "unknownUser"; });
            }
        }
        BasePtr base = knownThere ? make_shared<Unknown1>(7, "unknown") : v.base(7);
        equal<BasePtr>("sendUnknownSliced", base, [&] { return p->sendUnknownSliced(); });
        equal<BasePtr>("sendUnknownCompact", base, [&] { return p->sendUnknownCompact(); });
        c.holds("isIntactPreserved",
                [&] { return p->isIntactPreserved(v.preservedUnknown()) == (knownThere || !old); });
        PreservedPtr kept = v.preservedUnknown();
        if(old && !knownThere)
        {
            kept = make_shared<Preserved>(5);
        }
        equal<PreservedPtr>("roundTripPreserved unknown", kept,
                            [&] { return p->roundTripPreserved(v.preservedUnknown()); });
        if(knownThere)
        {
            equal<PreservedPtr>("sendUnknownPreserved", v.preservedUnknown(), [&] { return p->sendUnknownPreserved(); });
            c.holds("isIntactPreserved altered", [&] { return !p->isIntactPreserved(v.preservedUnknown("x")); });
        }
        else
        {
            c.holds("sendUnknownPreserved", [&]
            {
                auto received = p->sendUnknownPreserved();
                return received && received->p == 5;
            });
        }
        for(const auto& value : {PreservedPtr(), make_shared<Preserved>(6),
                                 PreservedPtr(make_shared<PreservedKnown>(6, "k"))})
        {
            auto name = value ? value->ice_id() : "null";
            equal<PreservedPtr>("roundTripPreserved " + name, value, [&] { return p->roundTripPreserved(value); });
        }
    }

    void invocations()
    {
        c.holds("operationMode", [&] { return p->operationMode() == "normal"; });
        c.holds("operationMode idempotent", [&] { return p->operationModeIdempotent() == "idempotent"; });
        c.holds("encodingVersion", [&] { return p->encodingVersion() == encodingName; });
        p->counted();
        auto oneway = p->ice_oneway(), batch = p->ice_batchOneway();
        for(int k = 0; k < 10; ++k)
        {
            oneway->count(1);
        }
        c.holds("oneway", [&] { return counted(10) == 10; });
        for(int k = 0; k < 100; ++k)
        {
            batch->count(2);
        }
        c.holds("batch before flush", [&] { return p->counted() == 0; });
        batch->ice_flushBatchRequests();
        c.holds("batch oneway", [&] { return counted(200) == 200; });
        c.holds("count twoway", [&] { return p->count(5), p->counted() == 5; });
        c.raises<Ice::TwowayOnlyException>("oneway with result", [&] { oneway->echoInt(1); });
        c.raises<Ice::InvocationTimeoutException>("invocation timeout",
                                                  [&] { p->ice_invocationTimeout(200)->sleep(1000); });
        c.holds("after the timeout", [&] { return p->echoInt(1) == 1; });
        ByteSeq big;
        for(int k = 0; k < 256 * 40960; ++k)
        {
            big.push_back(static_cast<Ice::Byte>(k));
        }
        c.holds("10 MiB", [&] { return p->echoBytes(big) == big; });
        auto connection = p->ice_getConnection();
        c.holds("same connection", [&] { return p->ice_getConnection() == connection; });
        auto other = p->ice_connectionId("other");
        c.holds("other connection", [&] { return other->ice_ping(), other->ice_getConnection() != connection; });
    }

    /// Oneway requests may still be on their way.
    int counted(int expected)
    {
        int total = 0;
        auto end = Clock::now() + std::chrono::seconds(10);
        while(total < expected && Clock::now() < end)
        {
            total += p->counted();
        }
        return total;
    }

    void context()
    {
        auto shared = ic->getImplicitContext();
        c.holds("context empty", [&] { return p->context().empty(); });
        const Ice::Context given{{"a", "1"}, {"\u00e4", "\u4e16"}};
        c.holds("context", [&] { return p->context(given) == given; });
        c.holds("contextValue", [&] { return p->contextValue("omero.group", {{"omero.group", "54"}}) == "54"; });
        c.holds("contextValue absent", [&] { return p->contextValue("omero.group").empty(); });
        c.holds("proxy context", [&] { return p->ice_context({{"p", "q"}})->context() == Ice::Context{{"p", "q"}}; });
        shared->put("shared", "yes");
        c.holds("implicit context", [&] { return p->context() == Ice::Context{{"shared", "yes"}}; });
        c.holds("explicit replaces implicit", [&] { return p->context({{"a", "1"}}) == Ice::Context{{"a", "1"}}; });
        auto own = p->ice_context({{"p", "q"}, {"shared", "own"}});
        c.holds("proxy's before implicit",
                [&] { return own->context() == Ice::Context{{"p", "q"}, {"shared", "own"}}; });
        shared->put("other", "too");
        c.holds("proxy's and implicit",
                [&] { return own->context() == Ice::Context{{"p", "q"}, {"shared", "own"}, {"other", "too"}}; });
        c.holds("explicit replaces proxy's", [&] { return own->context({{"a", "1"}}) == Ice::Context{{"a", "1"}}; });
        shared->setContext({});
    }

    void asynchronous()
    {
        vector<std::future<void>> pending;
        for(int k = 0; k < 4; ++k)
        {
            pending.push_back(p->sleepAsync(1500));
        }
        vector<std::future<int>> numbers;
        for(int k = 0; k < 64; ++k)
        {
            numbers.push_back(p->echoIntAsync(k));
        }
        c.holds("overtaking", [&]
        {
            bool good = true;
            for(int k = 0; k < 64; ++k)
            {
                good = numbers[k].get() == k && good;
            }
            return good;
        });
        // Answered although the calls before them go on.
        c.holds("not held up", [&]
        {
            bool good = true;
            for(auto& one : pending)
            {
                good = one.wait_for(std::chrono::seconds(0)) == std::future_status::timeout && good;
            }
            return good;
        });
        c.holds("sleeping", [&]
        {
            for(auto& one : pending)
            {
                one.get();
            }
            return true;
        });
    }

    void callbacks()
    {
        auto servant = make_shared<CallbackI>();
        const Ice::Identity id{"callback", "client"};
        auto adapter = ic->createObjectAdapter("");
        adapter->add(servant, id);
        adapter->activate();
        p->ice_getConnection()->setAdapter(adapter);
        const vector<string> expected{"ping", "0 call 0", "1 call 1", "2 call 2", "3 call 3", "4 call 4"};
        c.holds("callMe", [&] { return p->callMe({id.name, id.category}, 5) == 100 && servant->take() == expected; });
        c.raises<Ice::ObjectNotExistException>("callMe nobody", [&] { p->callMe({"nobody", ""}, 1); });
        auto own = ic->createObjectAdapterWithEndpoints("own", "tcp -h 127.0.0.1");
        auto proxy = Ice::uncheckedCast<CallbackPrx>(own->add(servant, id));
        own->activate();
        c.holds("callProxy", [&] { return p->callProxy(proxy, 5) == 100 && servant->take() == expected; });
    }

    const shared_ptr<Ice::Communicator> ic;
    const shared_ptr<Ice::ObjectPrx> raw;
    const shared_ptr<PeerPrx> p;
    const Values v;
    const string encodingName;
    const bool old;
    const bool knownThere;
    Checks c;
};

}

int
main(int argc, char* argv[])
{
    Options options(argc, argv, {"proxy", "encoding", "certs", "verify-peer", "property", "router"},
                    {"compress", "server-lacks-unknown", "shutdown"});
    try
    {
        Ice::CommunicatorHolder holder(makeCommunicator(options, "client", {{"Ice.ImplicitContext", "Shared"}}));
        auto ic = holder.communicator();
        shared_ptr<Glacier2::RouterPrx> router;
        if(options.has("router"))
        {
            router = Ice::checkedCast<Glacier2::RouterPrx>(ic->stringToProxy(options.value("router")));
            ic->setDefaultRouter(router);
            router->createSession("user", "password");
        }
        auto proxy = ic->stringToProxy(options.value("proxy"))->ice_invocationTimeout(20000);
        proxy = proxy->ice_encodingVersion(Ice::stringToEncodingVersion(options.value("encoding", "1.1")));
        if(options.has("compress"))
        {
            proxy = proxy->ice_compress(true);
        }
        int code = Run(ic, proxy, options).everything();
        if(options.has("shutdown"))
        {
            Ice::uncheckedCast<PeerPrx>(proxy)->shutdown();
        }
        if(router)
        {
            router->destroySession();
        }
        return code;
    }
    catch(const std::exception& error)
    {
        std::cerr << argv[0] << ": " << Checks::describe(error) << std::endl;
        return 1;
    }
}
