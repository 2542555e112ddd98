"""Asks zeroc-ice 3.6.5 what it makes of strings of proxies and identities, and writes proxy-strings-3.6.5.json.

    "$SWIFT_OMERO_PYTHON" Tests/IceEncodingTests/Data/proxy-strings.py     (see scripts/peers)

Each record: what was read (proxy or identity), with which properties, and either the string that Ice prints for it
(null for the null proxy) or the name of its exception. "lossy" marks results that Ice itself reads back as something
else, or not at all: there our string is another one.
"""
import json
import os
import sys

import Ice

PROXIES = r'''
name|category/name|"name"|'name'|  name  |"category/name"|a b|"a b"|'a b'|"a b/c d"|'a:b'|"a@b"|a\:b|a@|a @|a @ |a@b|a @ b
a @ "b c"|a @ 'b c'|a @ "b:c"|a @ "b@c"|a @ b c|a @ "b" c|a @ "b|a @ ""|a @ \101|a @ \400|a @ b:tcp|a @ "\303\251"|a@b@c|a @ -x
a\/b|a\/b/c|a/b\/c|a/b/c|/|/a|a/|"a/"|"/"|""|''|"" |"" -t|"":tcp|:tcp|@a|-t|"|'|"a|'a|"a'|"a\"b"|"a\"|'a\'b'|"a\\"|"a\\b"|a\\/b|a\\\/b|a\
a\b\f\n\r\t|a\'b|a\"b|a\x|a\u00e9|a\1|a\12|a\123|a\1234|a\0013|a\18|a\377\400|a\400|a\777|a\000b|a\303\251|\346\227\245/\303\274|a\177|a\037|~!#$%^&*()
é|日本/ü|a/é|"é"|a -f é|a @ é
a -f facet|a -f "facet"|a -f 'facet'|a -f "a b"|a -f "a:b"|a -f "a@b"|a -f|a -f ""|a -f "|a -f -x|a -f "-x"|a -f a/b|a -f \303\251|a -f \n|a -f \400|a -f "a\"b"|a -f a\'b|a -f x -f y|a -f a\\|a -f "a b\\"|a -f "a b\134"|"a b\134"|a @ "b c\134"
a -t|a -o|a -O|a -d|a -D|a -s|a -t -o|a -o -t|a -s -s|a -t -s -o|a -t x|a -o x|a -s "x"|a -t ""|a -x|a -tt|a t|a - t|a --t|a -T|"a"-t|"a"x|"a""b"|a -t:tcp -h h -p 1|a -t@b|a -o @ b|a -s:ssl -h h -p 1
a -e 1.0|a -e 1.1|a -e 1.2|a -e 2.0|a -e 1|a -e x|a -e 1.x|a -e 0.9|a -e 256.0|a -e 1.256|a -e|a -e ""|a -e "1. 0"|a -e +1.+0|a -e 1.-1|a -e 01.00|a -e 1.0.0|a -e .1|a -e 1.|a -p 1.0|a -p 1.1|a -p 2.0|a -p|a -p x|a -p 1.0 -e 1.0 -s -D -f f|a -e 1.0:tcp -h h -p 1
a:tcp|a:tcp -h h|a:tcp -p 1|a:tcp -h h -p 1|a: tcp -h h -p 1|a :tcp -h h -p 1|a : tcp -h h -p 1 |a:tcp -p 1 -h h|a:tcp -h h -p 0|a:tcp -h h -p 65535|a:tcp -h h -p 65536|a:tcp -h h -p -1|a:tcp -h h -p " -1"|a:tcp -h h -p " 1"|a:tcp -h h -p "1 "|a:tcp -h h -p +1|a:tcp -h h -p 0x10|a:tcp -h h -p 99999999999|a:tcp -h h -p 01|a:tcp -h h -p x|a:tcp -h h -p|a:tcp -h|a:tcp -h -p 1|a:tcp -h "" -p 1|a:tcp -h a -h b -p 1 -p 2
a:tcp -h h -p 1 -t 100|a:tcp -h h -p 1 -t 0|a:tcp -h h -p 1 -t -1|a:tcp -h h -p 1 -t " -1"|a:tcp -h h -p 1 -t infinite|a:tcp -h h -p 1 -t Infinite|a:tcp -h h -p 1 -t|a:tcp -h h -p 1 -t 1x|a:tcp -h h -p 1 -t 2147483647|a:tcp -h h -p 1 -t 2147483648|a:tcp -h h -p 1 -timeout 5|a:tcp -h h -p 1 -z|a:tcp -h h -p 1 -z x|a:tcp -h h -p 1 -zip|a:tcp -z -t 7 -p 1 -h h
a:tcp -h * -p 1|a:tcp -h "*" -p 1|a:ssl -h * -p 1|a:tcp -h "::1" -p 1|a:tcp -h '::1' -p 1|a:tcp -h ::1 -p 1|a:tcp -h "fe80::1%eth0" -p 1|a:tcp -h "a b" -p 1|a:tcp -h 'a b' -p 1|a:tcp -h a"b c"d -p 1|a:tcp -h a\"b -p 1|a:tcp -h "h|a:tcp -h 'h|a:tcp -h é -p 1|a:tcp -h a\b -p 1|a:tcp -h h -p 1 x|a:tcp -h h -p 1 -x|a:tcp -h h -p 1 -x y|a:tcp x -h h|a:tcp - -h h|a:tcp -hfoo -p 1|a:tcp -h h -p 1 -r /x
a:tcp -h h -p 1 --sourceAddress 127.0.0.1|a:tcp -h h -p 1 --sourceAddress "::1"|a:tcp -h h -p 1 --sourceAddress "0:0::1"|a:tcp -h h -p 1 --sourceAddress|a:tcp -h h -p 1 --sourceAddress nowhere|a:tcp -h h -p 1 -t 5 -z --sourceAddress 10.0.0.1|a:ws -h h -p 1 --sourceAddress 10.0.0.1 -r /r|a:tcp -h h -p 1 --other x
a:tcp -h h -p 1:tcp -h i -p 2|a:tcp -h h -p 1:|a::tcp -h h|a:|a: |a:tcp -h h -p 1: :tcp|a:tcp -h h -p 1:ssl -h h -p 2:ws -h h -p 3:wss -h h -p 4:udp -h h -p 5|a:tcp -h "a:b" -p 1:tcp -h "c:d" -p 2|a:tcp -h 'a:b' -p 1|a:tcp -h "a" -p 1:tcp -h b -p 2|a:tcp -h "a:b -p 1:tcp|a:tcp -h h -p 1@b|a:tcp -h h@i -p 1
a:TCP -h h|a:foo|a:foo -h h:tcp -h h -p 1|a:tcp -h h -p 1:foo -h h|a:foo:bar|a:"tcp" -h h -p 1|a:foo -x:tcp -y
a:ssl|a:ssl -h h -p 1|a:ssl -h h -p 1 -t infinite -z|a:ssl -h h -p 1 -x
a:ws -h h -p 1|a:ws -h h -p 1 -r /x|a:ws -h h -p 1 -r x|a:ws -h h -p 1 -r "/a:b"|a:ws -h h -p 1 -r "/a b"|a:ws -h h -p 1 -r|a:ws -h h -p 1 -r ""|a:ws -r -h h /x|a:ws -h h -p 1 -rest /x|a:ws -h h -p 1 -z -t 5 -r /x|a:ws -h h -p 1 -x|a:ws -r /x -r /y -h h|a:wss -h h -p 1|a:wss -h h -p 1 -r /x?y=z|a:wss|a:ws -h * -p 1
a:udp|a:udp -h h -p 1|a:udp -h h -p 1 -z|a:udp -h h -p 1 -c|a:udp -h h -p 1 -c x|a:udp -h h -p 1 --ttl 5|a:udp -h h -p 1 --ttl x|a:udp -h h -p 1 --ttl|a:udp -h h -p 1 --ttl 0|a:udp -h h -p 1 --ttl " -1"|a:udp -h 239.255.1.1 -p 1 --interface eth0|a:udp -h h -p 1 --interface "::1"|a:udp -h h -p 1 --interface|a:udp -h h -p 1 -v 1.0 -e 1.0|a:udp -h h -p 1 -v x|a:udp -h h -p 1 -e|a:udp -h h -p 1 -t 5|a:udp -h h -p 1 -z -c --ttl 1 --interface i|a:udp -h * -p 1|a -d:udp -h h -p 1
a:opaque|a:opaque -t 99|a:opaque -v AAAA|a:opaque -t 99 -v AAAA|a:opaque -t 99 -e 1.0 -v AAAA|a:opaque -t 99 -e 1.1 -v AAAA|a:opaque -t 99 -e 1.5 -v AAAA|a:opaque -t 99 -e x -v AAAA|a:opaque -t 99 -e -v AAAA|a:opaque -t x -v AAAA|a:opaque -t -v AAAA|a:opaque -t 65535 -v AAAA|a:opaque -t 65536 -v AAAA|a:opaque -t 32767 -v AAAA|a:opaque -t 32768 -v AAAA|a:opaque -t 99 -t 98 -v AAAA|a:opaque -t 99 -v AAAA -v AAAA|a:opaque -t 99 -v|a:opaque -t 99 -v !|a:opaque -t 99 -v AA==|a:opaque -t 99 -v AAA=|a:opaque -t 99 -v AA|a:opaque -t 99 -v A|a:opaque -t 99 -v AAAAA|a:opaque -t 99 -v =|a:opaque -t 99 -v A===|a:opaque -t 99 -v AA=A|a:opaque -t 99 -v +/+/|a:opaque -t 99 -v AAAA x|a:opaque -t 99 -v AAAA -x|a:opaque -t 0 -v AAAA|a:opaque -t 99 -v AAAA:tcp -h h -p 1
'''

# host "h", port 4064, time-out 10 s, no compression; one resource "/r"; then the same with something wrong.
TCP = 'AWjgDwAAECcAAAA='
WS = 'AWjgDwAAECcAAAACL3I='
UDP = 'AWjgDwAAAA=='
KNOWN = [f'a:opaque -t {t} -e {e} -v {v}'
         for t in range(1, 6) for e in ('1.0', '1.1', '1.2') for v in (TCP, WS, UDP, 'AWg=')
         # What is left over of this one is, by chance, an optional class instance.
         if (t, e, v) != (3, '1.1', TCP)]
KNOWN += [f'a:opaque -t {t} -v {TCP}' for t in (1, 2)]
KNOWN += ['a:opaque -t 1 -e 1.0 -v AWjgDwAAECcAAAAA', 'a:opaque -t 1 -e 1.1 -v AWjgDwAAECcAAAAA',
          'a:opaque -t 1 -e 1.0 -v AWjgDwAAECcAAAAAAA==', 'a:opaque -t 3 -e 1.0 -v AWjgDwAAAQABAAE=',
          # In encoding 1.1 optionals may follow, and are skipped.
          'a:opaque -t 1 -e 1.1 -v AWjgDwAAECcAAAAABQ==', 'a:opaque -t 1 -e 1.1 -v AWjgDwAAECcAAAD/',
          'a:opaque -t 99 -v ' + 'ABCD' * 18, 'a:opaque -t 99 -v ' + 'ABCD' * 19, 'a:opaque -t 99 -v ' + 'ABCD' * 20]

DEFAULTS = [
    ({}, ['a:default', 'a:default -h h -p 1', 'a:default -x', 'a:Default -h h']),
    ({'Ice.Default.Protocol': 'ssl'}, ['a:default -h h -p 1', 'a:tcp -h h -p 1', 'a:default -h h -p 1 -t 5 -z']),
    ({'Ice.Default.Protocol': 'ws'}, ['a:default -h h -p 1', 'a:default -h h -p 1 -r /r']),
    ({'Ice.Default.Host': 'there'}, ['a:tcp', 'a:tcp -p 1', 'a:default -p 1', 'a:tcp -h h -p 1', 'a:ws -p 1']),
    ({'Ice.Default.Timeout': '5000'}, ['a:tcp -h h -p 1', 'a:ssl -h h -p 1 -t infinite', 'a:udp -h h -p 1']),
    ({'Ice.Default.Timeout': '-1'}, ['a:tcp -h h -p 1']),
    ({'Ice.Default.EncodingVersion': '1.0'}, ['a', 'a -e 1.1', 'a:tcp -h h -p 1']),
    ({'Ice.Default.SourceAddress': '127.0.0.1'}, ['a:tcp -h h -p 1', 'a:tcp -h h -p 1 --sourceAddress 10.0.0.1']),
]

IDENTITIES = ['', '/', 'a', 'c/n', 'c/', '/n', 'a/b/c', r'a\/b', r'c\/d/n', r'a\\/b', 'a b/c d', '"a"', r'\"a\"', "'",
              r'\303\251', r'\346\227\245\346\234\254', 'é', r'a\ ', 'a\\', r'\0', r'\08', r'\001\002', r'\377\0',
              'a\tb', r'a\tb', 'a@b:c', r'\b\f\n\r\t\\\'\"', r'\/', r'\\\/x', r'\xab', ' a ']


def proxies():
    # The separator of the list occurs in no string; a last line with characters that don't fit in there.
    for line in PROXIES.strip('\n').split('\n'):
        yield from line.split('|')
    yield from KNOWN
    yield from ['', ' ', '\t\r\n', 'a\t-t\r\n-s', '"a\tb"', 'a:tcp\t-h\nh\r-p 1', 'a -f\tx', 'a\n@\tb', '"a\nb"', 'a -f "x\ty"']


def outcome(kind, text, properties):
    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    for key, value in {'Ice.Plugin.IceSSL': 'IceSSL:createIceSSL', 'Ice.Warn.Endpoints': '0', **properties}.items():
        data.properties.setProperty(key, value)
    communicator = Ice.initialize(data)

    def convert(string):
        if kind == 'identity':
            return communicator.identityToString(communicator.stringToIdentity(string))
        proxy = communicator.stringToProxy(string)
        return None if proxy is None else communicator.proxyToString(proxy)

    record = {'kind': kind, 'string': text}
    if properties:
        record['properties'] = properties
    try:
        record['result'] = convert(text)
    except (Ice.Exception, UnicodeDecodeError) as error:
        record['error'] = type(error).__name__
    else:
        try:
            if record['result'] is not None and convert(record['result']) != record['result']:
                record['lossy'] = True
        except Ice.Exception:
            record['lossy'] = True
    finally:
        communicator.destroy()
    return record


def main():
    cases = [('proxy', text, {}) for text in proxies()]
    cases += [('proxy', text, properties) for properties, texts in DEFAULTS for text in texts]
    cases += [('identity', text, {}) for text in IDENTITIES]
    records = [outcome(*case) for case in cases]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'proxy-strings-3.6.5.json')
    with open(path, 'w') as file:
        file.write('[\n' + ',\n'.join('  ' + json.dumps(record) for record in records) + '\n]\n')
    print(f'{len(records)} records', file=sys.stderr)


main()
