// Serves interop::Peer with Ice 3.7. Prints "READY <proxy>" once it listens.
//
// Identities: "interop" (also its facet "second") and everything in the category "default". Ends on the operation
// shutdown, at the end of stdin, or on SIGTERM.

#include "peer.h"

int
main(int argc, char* argv[])
{
    blockTermination();
    Options options(argc, argv, {"endpoints", "certs", "verify-peer", "property"}, {});
    try
    {
        Ice::CommunicatorHolder holder(makeCommunicator(options, "server"));
        auto ic = holder.communicator();
        untilTold([ic] { ic->shutdown(); });
        auto adapter =
            ic->createObjectAdapterWithEndpoints("Peer", options.value("endpoints", "tcp -h 127.0.0.1 -p 0"));
        auto servant = make_shared<PeerI>(Values{ic});
        auto identity = Ice::stringToIdentity("interop");
        auto proxy = adapter->add(servant, identity);
        adapter->addFacet(make_shared<PeerI>(Values{ic}), identity, "second");
        adapter->addDefaultServant(servant, "default");
        adapter->activate();
        std::cout << "READY " << ic->proxyToString(proxy) << std::endl;
        ic->waitForShutdown();
    }
    catch(const std::exception& error)
    {
        std::cerr << argv[0] << ": " << error.what() << std::endl;
        return 1;
    }
    // Past the threads that still wait for stdin and signals.
    std::cout.flush();
    _exit(0);
}
