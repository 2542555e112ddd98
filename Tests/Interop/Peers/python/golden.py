"""What zeroc-ice 3.6.5 makes of the strings in proxy-strings.txt and identity-strings.txt, as JSON lines.

{"name": "proxy-string", "input": ..., "output": ...} or with "error", the name of the exception, instead of output.
Identities come as {"name": "identity-string", "input": ..., "identity": {"category": ..., "id": ...}, "output": ...}.
"""

import argparse
import json
import os

import Ice

import peers


def lines(name):
    with open(os.path.join(peers.FOLDER, name), encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def say(**line):
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    # So that ssl and wss are known endpoints; and no lines on stderr about unknown ones.
    data.properties.setProperty("Ice.Plugin.IceSSL", "IceSSL:createIceSSL")
    data.properties.setProperty("Ice.Warn.Endpoints", "0")
    ic = Ice.initialize(data)
    try:
        for text in lines("proxy-strings.txt"):
            try:
                output = ic.proxyToString(ic.stringToProxy(text))
            except Ice.Exception as error:
                say(name="proxy-string", input=text, error=type(error).__name__)
            else:
                say(name="proxy-string", input=text, output=output)
        for text in lines("identity-strings.txt"):
            try:
                identity = ic.stringToIdentity(text)
                output = ic.identityToString(identity)
            except (Ice.Exception, UnicodeDecodeError) as error:
                say(name="identity-string", input=text, error=type(error).__name__)
            else:
                say(name="identity-string", input=text,
                    identity={"category": identity.category, "id": identity.name}, output=output)
    finally:
        ic.destroy()


if __name__ == "__main__":
    main()
