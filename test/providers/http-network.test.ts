import { isAllowedAddress } from '../../activities/providers/http-network.js';

describe('addresses that may be connected to', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
    ['127.0.0.1', 'private'],
    ['127.9.9.9', 'private'],
    ['10.0.0.8', 'private'],
    ['172.16.3.4', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:127.0.0.1', 'private'],
    ['::ffff:10.0.0.8', 'private'],
    ['::ffff:93.184.216.34', 'public'],
    // Never, whatever the deployment allows.
    ['0.0.0.0', 'never'],
    ['::', 'never'],
    ['169.254.169.254', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['fe80::1', 'never'],
    ['fe80::1%eth0', 'never'],
    ['fd00:ec2::254', 'never'],
    ['100.100.100.200', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['192.0.2.1', 'never'],
    ['64:ff9b::7f00:1', 'never'],
    ['2002:7f00:1::', 'never'],
    ['2001:db8::1', 'never'],
    ['fec0::1', 'never'],
    ['ff02::1', 'never'],
    ['localhost', 'never'],
    ['', 'never'],
  ])('%s is %s', (address, kind) => {
    expect(isAllowedAddress(address, { allowPrivate: false })).toBe(kind === 'public');
    expect(isAllowedAddress(address, { allowPrivate: true })).toBe(kind !== 'never');
  });
});
