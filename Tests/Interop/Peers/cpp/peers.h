// What the C++ peers share: the command line, making a communicator, the values they send, comparing results.
#pragma once

#include <Ice/Ice.h>
#include <InteropUnknown.h>

#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <csignal>
#include <unistd.h>

using std::make_shared;
using std::shared_ptr;
using std::string;
using std::vector;
using namespace std::string_literals;

/// "--name value" and "--name" of the command line.
class Options
{
public:
    Options(int argc, char* argv[], const std::set<string>& withValue, const std::set<string>& flags)
    {
        for(int i = 1; i < argc; ++i)
        {
            string name = argv[i];
            name = name.rfind("--", 0) == 0 ? name.substr(2) : "";
            if(withValue.count(name) && i + 1 < argc)
            {
                _values[name].push_back(argv[++i]);
            }
            else if(flags.count(name))
            {
                _values[name].push_back("");
            }
            else
            {
                std::cerr << argv[0] << ": unexpected argument " << argv[i] << "\nknown:";
                for(const auto& known : withValue)
                {
                    std::cerr << " --" << known << " VALUE";
                }
                for(const auto& known : flags)
                {
                    std::cerr << " --" << known;
                }
                std::cerr << std::endl;
                exit(2);
            }
        }
    }

    bool has(const string& name) const { return _values.count(name) != 0; }

    string value(const string& name, const string& otherwise = "") const
    {
        auto p = _values.find(name);
        return p == _values.end() ? otherwise : p->second.back();
    }

    vector<string> all(const string& name) const
    {
        auto p = _values.find(name);
        return p == _values.end() ? vector<string>() : p->second;
    }

private:
    std::map<string, vector<string>> _values;
};

/// Role is the name of the certificate, "server" or "client".
inline shared_ptr<Ice::Communicator>
makeCommunicator(const Options& options, const string& role, const std::map<string, string>& more = {})
{
    std::map<string, string> values{
        {"Ice.MessageSizeMax", "262144"},
        {"Ice.Override.ConnectTimeout", "10000"},
        {"Ice.ThreadPool.Server.Size", "8"},
        {"Ice.ThreadPool.Server.SizeMax", "32"},
        {"Ice.ThreadPool.Client.Size", "4"},
        // 3.7 refuses cycles unless told, as shared_ptr cannot free them; and limits the depth of graphs.
        {"Ice.AcceptClassCycles", "1"},
        {"Ice.ClassGraphDepthMax", "1000"},
        // Failing on purpose is part of the tests.
        {"Ice.Warn.Dispatch", "0"},
        {"Ice.Warn.Connections", "0"},
    };
    if(options.has("certs"))
    {
        Ice::registerIceSSL();
        values["IceSSL.DefaultDir"] = options.value("certs");
        values["IceSSL.CAs"] = "ca.pem";
        values["IceSSL.CertFile"] = role + ".p12";
        values["IceSSL.Password"] = "password";
        values["IceSSL.VerifyPeer"] = options.value("verify-peer", "2");
    }
    for(const auto& [key, value] : more)
    {
        values[key] = value;
    }
    for(const auto& pair : options.all("property"))
    {
        auto equals = pair.find('=');
        values[pair.substr(0, equals)] = equals == string::npos ? "" : pair.substr(equals + 1);
    }
    Ice::InitializationData data;
    data.properties = Ice::createProperties();
    for(const auto& [key, value] : values)
    {
        data.properties->setProperty(key, value);
    }
    return Ice::initialize(data);
}

/// To be called first in main, so that no thread of Ice gets the signal that untilTold waits for.
inline sigset_t
blockTermination()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}

/// Calls finish at the end of stdin or on SIGTERM, so that no peer outlives the test that started it.
inline void
untilTold(const std::function<void()>& finish)
{
    auto set = blockTermination();
    std::thread([set, finish]
    {
        int signal;
        sigwait(&set, &signal);
        finish();
    }).detach();
    std::thread([finish]
    {
        char buffer[4096];
        while(read(0, buffer, sizeof buffer) > 0)
        {
        }
        finish();
    }).detach();
}

/// The encoding of a value, which also serves to compare: equal bytes mean equal values, shared instances included.
template<typename T> vector<Ice::Byte>
encoded(const shared_ptr<Ice::Communicator>& ic, const T& value, Ice::EncodingVersion encoding = Ice::Encoding_1_1,
        Ice::FormatType format = Ice::FormatType::SlicedFormat)
{
    Ice::OutputStream out(ic, encoding);
    out.setFormat(format);
    out.write(value);
    out.writePendingValues();
    vector<Ice::Byte> bytes;
    out.finished(bytes);
    return bytes;
}

/// What encoding 1.0 makes of a value: no optional members, and proxies of encoding 1.0. (Bytes of 1.0 do not serve to
/// compare, as it writes the instances in the order of their addresses.)
template<typename T> T
asReceivedIn10(const shared_ptr<Ice::Communicator>& ic, const T& value)
{
    auto bytes = encoded(ic, value, Ice::Encoding_1_0);
    Ice::InputStream in(ic, Ice::Encoding_1_0, bytes);
    T result;
    in.read(result);
    in.readPendingValues();
    return result;
}

inline string
hex(const vector<Ice::Byte>& bytes, size_t limit = string::npos)
{
    static const char digits[] = "0123456789abcdef";
    string text;
    for(size_t i = 0; i < bytes.size() && i < limit; ++i)
    {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return bytes.size() > limit ? text + "..." : text;
}

/// The values that the peers send; the same as those of python/peers.py.
struct Values
{
    shared_ptr<Ice::Communicator> ic;

    interop::Label label(const string& text = "label") const { return {text, {1, -2, 3}, {4, 5}}; }

    static shared_ptr<interop::Node> node(const string& name)
    {
        auto node = make_shared<interop::Node>();
        node->name = name;
        return node;
    }

    static shared_ptr<interop::Base> base(int b) { return make_shared<interop::Base>(b); }

    static shared_ptr<interop::Node> ring(int n)
    {
        vector<shared_ptr<interop::Node>> nodes;
        for(int k = 0; k < n; ++k)
        {
            nodes.push_back(node("node " + std::to_string(k)));
        }
        for(int k = 0; k < n; ++k)
        {
            nodes[k]->next = nodes[(k + 1) % n];
        }
        return n > 0 ? nodes[0] : nullptr;
    }

    static int ringLength(const shared_ptr<interop::Node>& start)
    {
        int length = 0;
        for(auto node = start; node;)
        {
            ++length;
            node = node->next;
            if(node == start)
            {
                return length;
            }
            if(!node || length > 1000000)
            {
                return -1;
            }
        }
        return 0;
    }

    /// Cycles, sharing and every field of Node in use.
    shared_ptr<interop::Node> web() const
    {
        auto root = node("root"), child = node("child"), leaf = node("leaf \u00e9\u4e16\U0001f600");
        root->next = child;
        child->next = root;
        root->children = {child, leaf, nullptr, child};
        root->index["self"] = root;
        child->any = derived();
        leaf->any = leaf;
        return root;
    }

    static shared_ptr<interop::Derived> derived(Ice::optional<int> om = 2)
    {
        return make_shared<interop::Derived>(1, "m", om, 3.5, base(9));
    }

    static shared_ptr<interop::Middle> middle(Ice::optional<int> om = Ice::nullopt, const string& m = "middle")
    {
        return make_shared<interop::Middle>(1, m, om);
    }

    static shared_ptr<interop::PUnknown> preservedUnknown(const string& extra = "kept")
    {
        auto left = node("left"), right = node("right");
        left->next = right;
        right->next = left;
        return make_shared<interop::PUnknown>(5, extra, left, derived(Ice::nullopt));
    }

    bool isPreservedUnknown(const shared_ptr<interop::Preserved>& v) const
    {
        return encoded(ic, v) == encoded(ic, shared_ptr<interop::Preserved>(preservedUnknown()));
    }

    static interop::ItemSeq graph(int n)
    {
        interop::ItemSeq items;
        if(n > 0)
        {
            auto owner = make_shared<interop::Item>("owner", 0, 0, nullptr);
            owner->owner = owner;
            items.push_back(owner);
        }
        for(int k = 1; k < n; ++k)
        {
            items.push_back(make_shared<interop::Item>("item " + std::to_string(k), k, k * 1000000007LL, items[0]));
        }
        return items;
    }

    static int graphSize(const interop::ItemSeq& items)
    {
        for(size_t k = 0; k < items.size(); ++k)
        {
            const auto& item = items[k];
            auto name = k ? "item " + std::to_string(k) : "owner";
            if(!item || item->owner != items[0] || item->name != name || item->number != static_cast<int>(k) ||
               item->stamp != static_cast<long long>(k) * 1000000007LL)
            {
                return -1;
            }
        }
        return static_cast<int>(items.size());
    }

    /// The graph's owner refers to itself, a cycle that shared_ptr never frees.
    static void free(interop::ItemSeq& items)
    {
        if(!items.empty())
        {
            items[0]->owner = nullptr;
        }
    }

    shared_ptr<Ice::ObjectPrx> proxy() const
    {
        return ic->stringToProxy("cat/name -f facet -o:tcp -h 127.0.0.1 -p 4063 -t 5000 -z");
    }

    shared_ptr<interop::PeerPrx> peer(const string& text) const
    {
        return Ice::uncheckedCast<interop::PeerPrx>(ic->stringToProxy(text));
    }

    /// All members of Optionals, set or not.
    shared_ptr<interop::Optionals> options(bool full = true) const
    {
        auto v = make_shared<interop::Optionals>();
        if(full)
        {
            v->oBool = true;
            v->oByte = static_cast<Ice::Byte>(200);
            v->oShort = static_cast<short>(-3);
            v->oInt = 70000;
            v->oLong = -(1LL << 40);
            v->oFloat = 1.5f;
            v->oDouble = -2.25;
            v->oString = "text"s;
            v->oColour = interop::Colour::blue;
            v->oBytes = interop::ByteSeq{0, 255};
            v->oInts = interop::IntSeq{1, 2, 3};
            v->oStrings = interop::StringSeq{"a", "", "c"};
            v->oPoint = interop::Point{1, 2};
            v->oLabel = label();
            v->oPoints = interop::PointSeq{{3, 4}};
            v->oLabels = interop::LabelSeq{label("x")};
            v->oIntInts = interop::IntIntDict{{1, 2}};
            v->oDict = interop::StringStringDict{{"k", "v"}};
            v->oProxy = proxy();
            v->oInt29 = 29;
            v->oInt30 = 30;
            v->oBase = shared_ptr<interop::Base>(derived());
        }
        return v;
    }

    template<typename T> shared_ptr<T> fill(const shared_ptr<T>& v) const
    {
        using namespace interop;
        v->aBool = true;
        v->aByte = 254;
        v->aShort = -32768;
        v->anInt = std::numeric_limits<int>::min();
        v->aLong = std::numeric_limits<long long>::min();
        v->aFloat = 0.25f;
        v->aDouble = 1e300;
        v->aString = "all \u00e9\u4e16\U0001f600";
        v->aColour = Colour::blue;
        v->aWeight = Weight::heavy;
        v->aDistance = Distance::far;
        v->aPoint = {-1, 1};
        v->aLabel = label();
        v->bytes = {1, 2};
        v->bools = {true, false};
        v->shorts = {1, -1};
        v->ints = {2, -2};
        v->longs = {3, -3};
        v->floats = {0.5f, -0.5f};
        v->doubles = {0.125, -0.125};
        v->strings = {"", "x"};
        v->colours = {Colour::green, Colour::red};
        v->points = {{1, 2}, {3, 4}};
        v->labels = {label("l")};
        v->stringLists = {{}, {"a", "b"}};
        v->dicts = {{}, {{"a", "b"}}};
        v->proxies = {proxy(), nullptr};
        // One entry each, as the order of more is not the same everywhere.
        v->stringStrings = {{"a", "1"}};
        v->intStrings = {{-1, "minus"}};
        v->colourPoints = {{Colour::green, {5, 6}}};
        v->longInts = {{1LL << 40, {1, 2}}};
        v->aProxy = proxy();
        v->aPeer = peer("peer:tcp -h 127.0.0.1 -p 1");
        auto shared = web();
        v->nodes = {shared, nullptr};
        v->stringNodes = {{"s", shared}};
        v->aNode = shared;
        v->anObject = make_shared<CompactDerived>("c", 6);
        return v;
    }

    shared_ptr<interop::AllTypes> allTypes() const { return fill(make_shared<interop::AllTypes>()); }

    shared_ptr<interop::AllTypesMore> allTypesMore() const
    {
        auto v = fill(make_shared<interop::AllTypesMore>());
        v->options = options();
        v->remark = "remark"s;
        v->last = "last";
        return v;
    }
};
