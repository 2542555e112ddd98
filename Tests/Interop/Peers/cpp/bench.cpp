// The measurements of scripts/bench, made with Ice 3.7 to compare with. Results are JSON lines:
//
//   {"name":"sequential echoInt","transport":"tcp","value":61.2,"unit":"us/call","runs":[...]}
//
// bench server [--endpoints E] [--certs DIR]     serves interop::Peer, prints "READY <proxy>", until stdin ends
// bench client --proxy P [--certs DIR]           latency, calls with 64 in flight, 1 MiB round trips
// bench codec                                    encoding and decoding of graph(10000), without a network
// bench idle-server [--endpoints E] [--connections N] [--certs DIR]
//                                                its memory (VmRSS) before and after N connections (1000)
// bench idle-client --proxy P [--connections N] [--certs DIR]
//                                                opens N connections, prints "HOLDING N", holds them until stdin ends
//
// Values are medians of the runs, each after a warm-up.

#include "peer.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include <sys/resource.h>

namespace
{

using Clock = std::chrono::steady_clock;

double
secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Runs the block once to warm up and then five times; the block gives one value.
void
measure(const string& name, const string& transport, const string& unit, const std::function<double()>& block)
{
    block();
    vector<double> runs;
    for(int k = 0; k < 5; ++k)
    {
        runs.push_back(block());
    }
    auto sorted = runs;
    std::sort(sorted.begin(), sorted.end());
    std::cout << "{\"name\":\"" << name << "\",\"transport\":\"" << transport << "\",\"value\":" << sorted[2]
              << ",\"unit\":\"" << unit << "\",\"runs\":[";
    for(size_t k = 0; k < runs.size(); ++k)
    {
        std::cout << (k ? "," : "") << runs[k];
    }
    std::cout << "]}" << std::endl;
}

class Semaphore
{
public:
    explicit Semaphore(int count) : _count(count) {}

    void wait()
    {
        std::unique_lock<std::mutex> lock(_mutex);
        _condition.wait(lock, [this] { return _count > 0; });
        --_count;
    }

    void signal()
    {
        std::lock_guard<std::mutex> lock(_mutex);
        ++_count;
        _condition.notify_one();
    }

private:
    std::mutex _mutex;
    std::condition_variable _condition;
    int _count;
};

void
client(const shared_ptr<PeerPrx>& peer)
{
    peer->ice_ping();
    auto transport = peer->ice_getConnection()->type();

    measure("sequential echoInt", transport, "us/call", [&]
    {
        const int calls = 5000;
        auto start = Clock::now();
        for(int k = 0; k < calls; ++k)
        {
            if(peer->echoInt(k) != k)
            {
                throw std::runtime_error("echoInt gave another number");
            }
        }
        return secondsSince(start) / calls * 1e6;
    });

    measure("64 in flight", transport, "calls/s", [&]
    {
        const int calls = 40000, inFlight = 64;
        Semaphore free(inFlight);
        std::atomic<int> wrong{0};
        auto start = Clock::now();
        for(int k = 0; k < calls; ++k)
        {
            free.wait();
            peer->echoIntAsync(
                k,
                [&free, &wrong, k](int result)
                {
                    wrong += result != k;
                    free.signal();
                },
                [&free, &wrong](std::exception_ptr)
                {
                    ++wrong;
                    free.signal();
                });
        }
        for(int k = 0; k < inFlight; ++k)
        {
            free.wait();
        }
        auto seconds = secondsSince(start);
        if(wrong != 0)
        {
            throw std::runtime_error("calls failed");
        }
        return calls / seconds;
    });

    measure("echoBytes 1 MiB", transport, "round trips/s", [&]
    {
        const int calls = 100;
        const ByteSeq bytes(1 << 20, 0x5a);
        auto start = Clock::now();
        for(int k = 0; k < calls; ++k)
        {
            if(peer->echoBytes(bytes).size() != bytes.size())
            {
                throw std::runtime_error("echoBytes gave another length");
            }
        }
        return calls / secondsSince(start);
    });
}

void
codec(const shared_ptr<Ice::Communicator>& ic)
{
    const int size = 10000, rounds = 20;
    auto items = Values::graph(size);
    auto encode = [&]
    {
        Ice::OutputStream out(ic, Ice::Encoding_1_1);
        out.startEncapsulation(Ice::Encoding_1_1, Ice::FormatType::CompactFormat);
        out.write(items);
        out.writePendingValues();
        out.endEncapsulation();
        vector<Ice::Byte> bytes;
        out.finished(bytes);
        return bytes;
    };
    auto bytes = encode();

    measure("encode graph(10000)", "none", "us/graph", [&]
    {
        auto start = Clock::now();
        for(int k = 0; k < rounds; ++k)
        {
            if(encode().size() != bytes.size())
            {
                throw std::runtime_error("the encoding changed");
            }
        }
        return secondsSince(start) / rounds * 1e6;
    });

    measure("decode graph(10000)", "none", "us/graph", [&]
    {
        double seconds = 0;
        for(int k = 0; k < rounds; ++k)
        {
            auto start = Clock::now();
            Ice::InputStream in(ic, Ice::Encoding_1_1,
                                std::make_pair(bytes.data(), bytes.data() + bytes.size()));
            in.startEncapsulation();
            ItemSeq result;
            in.read(result);
            in.readPendingValues();
            in.endEncapsulation();
            seconds += secondsSince(start);
            // Checked and freed outside the time that is measured.
            if(Values::graphSize(result) != size)
            {
                throw std::runtime_error("the decoded graph is another");
            }
            Values::free(result);
        }
        return seconds / rounds * 1e6;
    });
    Values::free(items);
}

/// This process's resident memory in kB.
long
residentMemory()
{
    std::ifstream status("/proc/self/status");
    for(string word; status >> word;)
    {
        if(word == "VmRSS:")
        {
            long kilobytes;
            status >> kilobytes;
            return kilobytes;
        }
    }
    throw std::runtime_error("no VmRSS in /proc/self/status");
}

void
printMemory(int connections, const string& transport)
{
    std::cout << "{\"name\":\"memory with " << connections << " connections\",\"transport\":\"" << transport
              << "\",\"value\":" << residentMemory() << ",\"unit\":\"kB\"}" << std::endl;
}

/// Each idle connection calls count(1) once; at the last of them the memory is printed.
class IdlePeerI : public PeerI
{
public:
    IdlePeerI(const Values& values, int connections) : PeerI(values), _connections(connections) {}

    void count(int n, const Current& current) override
    {
        int total = _counted += n;
        if(total == 1)
        {
            // So that what the first connection of all needs (threads, TLS tables) does not count for the rest.
            printMemory(1, current.con->type());
        }
        if(total == _connections)
        {
            printMemory(_connections, current.con->type());
        }
    }

private:
    const int _connections;
    std::atomic<int> _counted{0};
};

void
serve(const shared_ptr<Ice::Communicator>& ic, const shared_ptr<Ice::Object>& servant, const string& endpoints)
{
    untilTold([ic] { ic->shutdown(); });
    auto adapter = ic->createObjectAdapterWithEndpoints("Peer", endpoints);
    auto proxy = adapter->add(servant, Ice::stringToIdentity("interop"));
    adapter->activate();
    std::cout << "READY " << ic->proxyToString(proxy) << std::endl;
}

void
idleClient(const shared_ptr<PeerPrx>& peer, int connections)
{
    for(int k = 0; k < connections; ++k)
    {
        peer->ice_connectionId(std::to_string(k))->count(1);
    }
    std::cout << "HOLDING " << connections << std::endl;
    char buffer[4096];
    while(read(0, buffer, sizeof buffer) > 0)
    {
    }
}

/// Each connection is a file.
void
raiseFileLimit()
{
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int
run(const string& mode, const Options& options)
{
    const bool serves = mode == "server" || mode == "idle-server";
    const int connections = std::stoi(options.value("connections", "1000"));
    std::map<string, string> properties{
        // Ice's own defaults, save that two threads serve.
        {"Ice.ThreadPool.Client.Size", "1"},
        {"Ice.ThreadPool.Server.Size", "2"},
        {"Ice.ThreadPool.Server.SizeMax", "2"},
    };
    if(mode.rfind("idle", 0) == 0)
    {
        // Idle connections stay open.
        properties["Ice.ACM.Close"] = "0";
        raiseFileLimit();
    }
    if(serves)
    {
        blockTermination();
    }
    Ice::CommunicatorHolder holder(makeCommunicator(options, serves ? "server" : "client", properties));
    auto ic = holder.communicator();
    if(serves)
    {
        auto endpoints = options.value("endpoints", "tcp -h 127.0.0.1 -p 0");
        if(mode == "server")
        {
            serve(ic, make_shared<PeerI>(Values{ic}), endpoints);
        }
        else
        {
            serve(ic, make_shared<IdlePeerI>(Values{ic}, connections), endpoints);
            printMemory(0, "none");
        }
        ic->waitForShutdown();
    }
    else if(mode == "codec")
    {
        codec(ic);
    }
    else
    {
        auto peer = Ice::uncheckedCast<PeerPrx>(ic->stringToProxy(options.value("proxy")));
        if(!peer)
        {
            throw std::runtime_error("--proxy is missing");
        }
        mode == "client" ? client(peer) : idleClient(peer, connections);
    }
    return 0;
}

}

int
main(int argc, char* argv[])
{
    const string mode = argc > 1 ? argv[1] : "";
    const std::set<string> modes{"server", "client", "codec", "idle-server", "idle-client"};
    if(!modes.count(mode))
    {
        std::cerr << "usage: " << argv[0] << " server|client|codec|idle-server|idle-client [--option value]..."
                  << std::endl;
        return 2;
    }
    Options options(argc - 1, argv + 1, {"proxy", "endpoints", "connections", "certs", "verify-peer", "property"}, {});
    int code = 1;
    try
    {
        code = run(mode, options);
    }
    catch(const std::exception& error)
    {
        std::cerr << argv[0] << ": " << error.what() << std::endl;
    }
    // Past the threads that still wait for stdin and signals.
    std::cout.flush();
    _exit(code);
}
