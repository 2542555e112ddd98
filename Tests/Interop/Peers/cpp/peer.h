// The servant of interop::Peer.
#pragma once

#include "peers.h"

#include <atomic>

using namespace interop;
using Ice::Current;

#define ECHO(name, ...) __VA_ARGS__ name(__VA_ARGS__ v, const Current&) override { return v; }
#define OPTIONAL(name, ...) ECHO(name, Ice::optional<__VA_ARGS__>)

class PeerI : public Peer
{
public:
    explicit PeerI(const Values& values) : _values(values) {}

    ECHO(echoBool, bool)
    ECHO(echoByte, Ice::Byte)
    ECHO(echoShort, short)
    ECHO(echoInt, int)
    ECHO(echoLong, long long)
    ECHO(echoFloat, float)
    ECHO(echoDouble, double)
    ECHO(echoString, string)
    ECHO(echoColour, Colour)
    ECHO(echoWeight, Weight)
    ECHO(echoDistance, Distance)
    ECHO(echoPoint, Point)
    ECHO(echoLabel, Label)
    ECHO(echoBytes, ByteSeq)
    ECHO(echoBools, BoolSeq)
    ECHO(echoShorts, ShortSeq)
    ECHO(echoInts, IntSeq)
    ECHO(echoLongs, LongSeq)
    ECHO(echoFloats, FloatSeq)
    ECHO(echoDoubles, DoubleSeq)
    ECHO(echoStrings, StringSeq)
    ECHO(echoColours, ColourSeq)
    ECHO(echoPoints, PointSeq)
    ECHO(echoLabels, LabelSeq)
    ECHO(echoStringLists, StringSeqSeq)
    ECHO(echoDicts, StringStringDictSeq)
    ECHO(echoProxies, ObjectProxySeq)
    ECHO(echoNodes, NodeSeq)
    ECHO(echoStringStrings, StringStringDict)
    ECHO(echoIntStrings, IntStringDict)
    ECHO(echoColourPoints, ColourPointDict)
    ECHO(echoStringNodes, StringNodeDict)
    ECHO(echoLongInts, LongIntSeqDict)
    ECHO(echoProxy, shared_ptr<Ice::ObjectPrx>)
    ECHO(echoPeer, shared_ptr<PeerPrx>)
    ECHO(echoPeers, PeerProxySeq)
    ECHO(echoBase, shared_ptr<Base>)
    ECHO(echoBaseCompact, shared_ptr<Base>)
    ECHO(echoBaseSliced, shared_ptr<Base>)
    ECHO(echoNode, shared_ptr<Node>)
    ECHO(echoNodeSliced, shared_ptr<Node>)
    ECHO(echoObject, shared_ptr<Ice::Value>)
    ECHO(echoEmpty, shared_ptr<Empty>)
    ECHO(echoCompact, shared_ptr<Compact>)
    ECHO(echoCompactSliced, shared_ptr<Compact>)
    ECHO(echoOptionals, shared_ptr<Optionals>)
    ECHO(echoBases, BaseSeq)

    OPTIONAL(optBool, bool)
    OPTIONAL(optByte, Ice::Byte)
    OPTIONAL(optShort, short)
    OPTIONAL(optInt, int)
    OPTIONAL(optLong, long long)
    OPTIONAL(optFloat, float)
    OPTIONAL(optDouble, double)
    OPTIONAL(optString, string)
    OPTIONAL(optColour, Colour)
    OPTIONAL(optBytes, ByteSeq)
    OPTIONAL(optInts, IntSeq)
    OPTIONAL(optStrings, StringSeq)
    OPTIONAL(optPoint, Point)
    OPTIONAL(optLabel, Label)
    OPTIONAL(optIntInts, IntIntDict)
    OPTIONAL(optDict, StringStringDict)
    OPTIONAL(optProxy, shared_ptr<Ice::ObjectPrx>)
    OPTIONAL(optBase, shared_ptr<Base>)

    long long addAll(Ice::Byte a, short b, int c, long long d, string& text, const Current&) override
    {
        text = std::to_string(a) + "+" + std::to_string(b) + "+" + std::to_string(c) + "+" + std::to_string(d);
        return a + b + c + d;
    }

    shared_ptr<AllTypes> echoEverything(shared_ptr<AllTypes> v, string& doubled, Colour& turned, const Current&) override
    {
        doubled = v->aString + v->aString;
        turned = static_cast<Colour>((static_cast<int>(v->aColour) + 1) % 3);
        return v;
    }

    void divide(int a, int b, int& quotient, int& rest, const Current&) override
    {
        if(b == 0)
        {
            throw Failure("division by zero");
        }
        quotient = a / b;
        rest = a % b;
    }

    Pair echoPair(Pair v, bool& same, const Current&) override
    {
        same = v.first == v.second;
        return v;
    }

    int optMixed(Ice::optional<string> b, int required, Ice::optional<int> a, Ice::optional<string>& outB, int& twice,
                 Ice::optional<int>& outA, const Current&) override
    {
        outB = b;
        outA = a;
        twice = required * 2;
        return required + (a ? *a : 0) + (b ? static_cast<int>(b->size()) : 0);
    }

    shared_ptr<Node> ring(int n, const Current&) override { return Values::ring(n); }
    int ringLength(shared_ptr<Node> n, const Current&) override { return Values::ringLength(n); }
    ItemSeq graph(int n, const Current&) override { return Values::graph(n); }

    int graphSize(ItemSeq v, const Current&) override
    {
        int size = Values::graphSize(v);
        Values::free(v);
        return size;
    }

    void fail(string kind, const Current&) override { raise(kind); }
    void failSliced(string kind, const Current&) override { raise(kind); }
    void failCompact(string kind, const Current&) override { raise(kind); }

    shared_ptr<Base> sendUnknownCompact(const Current&) override { return make_shared<Unknown1>(7, "unknown"); }
    shared_ptr<Base> sendUnknownSliced(const Current&) override { return make_shared<Unknown1>(7, "unknown"); }
    shared_ptr<Preserved> sendUnknownPreserved(const Current&) override { return Values::preservedUnknown(); }
    ECHO(roundTripPreserved, shared_ptr<Preserved>)
    bool isIntactPreserved(shared_ptr<Preserved> v, const Current&) override { return _values.isPreservedUnknown(v); }

    void count(int n, const Current&) override { _total += n; }
    int counted(const Current&) override { return _total.exchange(0); }

    void sleep(int milliseconds, const Current&) override
    {
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    }

    string contextValue(string key, const Current& current) override
    {
        auto p = current.ctx.find(key);
        return p == current.ctx.end() ? "" : p->second;
    }

    StringStringDict context(const Current& current) override { return current.ctx; }
    string facetName(const Current& current) override { return current.facet; }
    Ident identity(const Current& current) override { return {current.id.name, current.id.category}; }
    string operationMode(const Current& current) override { return mode(current); }
    string operationModeIdempotent(const Current& current) override { return mode(current); }
    string encodingVersion(const Current& current) override { return Ice::encodingVersionToString(current.encoding); }

    int callMe(Ident id, int times, const Current& current) override
    {
        return call(current.con->createProxy({id.name, id.category}), times);
    }

    int callProxy(shared_ptr<CallbackPrx> cb, int times, const Current&) override { return call(cb, times); }

    void shutdown(const Current& current) override { current.adapter->getCommunicator()->shutdown(); }

private:
    static string mode(const Current& current)
    {
        switch(current.mode)
        {
            case Ice::OperationMode::Normal: return "normal";
            case Ice::OperationMode::Idempotent: return "idempotent";
            default: return "nonmutating";
        }
    }

    static int call(const shared_ptr<Ice::ObjectPrx>& target, int times)
    {
        auto proxy = Ice::uncheckedCast<CallbackPrx>(target->ice_invocationTimeout(20000));
        proxy->ping();
        int sum = 0;
        for(int k = 0; k < times; ++k)
        {
            sum += proxy->notify(k, "call " + std::to_string(k));
        }
        return sum;
    }

    static void raise(const string& kind)
    {
        if(kind == "failure")
        {
            throw Failure("failure");
        }
        if(kind == "detailed")
        {
            throw DetailedFailure("detailed", 17, Values::node("where"), "a hint"s);
        }
        if(kind == "detailedNoHint")
        {
            throw DetailedFailure("detailed", 17, nullptr, Ice::nullopt);
        }
        if(kind == "unknownUser")
        {
            throw UnknownFailure("unknownUser", 3, "more");
        }
        if(kind == "undeclared")
        {
            throw Undeclared("undeclared");
        }
        if(kind == "local")
        {
            throw Ice::TimeoutException(__FILE__, __LINE__);
        }
        if(kind == "crash")
        {
            throw std::runtime_error("crash");
        }
        if(kind == "objectNotExist")
        {
            throw Ice::ObjectNotExistException(__FILE__, __LINE__);
        }
        if(kind == "facetNotExist")
        {
            throw Ice::FacetNotExistException(__FILE__, __LINE__);
        }
        if(kind == "operationNotExist")
        {
            throw Ice::OperationNotExistException(__FILE__, __LINE__);
        }
    }

    const Values _values;
    std::atomic<int> _total{0};
};

#undef ECHO
#undef OPTIONAL
