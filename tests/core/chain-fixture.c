/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "chain-fixture.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROBE_PORT 33434

static const char *const chain_fixture_network[] = {
  "neigh add " CHAIN_R1 " lladdr 02:00:00:00:00:01 dev wan0 nud permanent",
  "route add default via " CHAIN_R1 " dev wan0",
};

static int
open_tap (void)
{
  struct sockaddr_ll link = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons (ETH_P_IP),
    .sll_ifindex = (int) if_nametoindex ("wan1"),
  };
  int fd = socket (AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons (ETH_P_IP));

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &link, sizeof link), ==, 0);
  return fd;
}

void
chain_fixture_set_up (ChainFixture *f, gconstpointer n_backends)
{
  core_fixture_set_up (&f->core, n_backends); /* first: it enters the namespace */
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  plum_manager_set_gateway_address (f->core.manager, NULL);
  f->probe = g_byte_array_new ();
  f->tap = -1;
  if (f->lan.ready)
    {
      for (unsigned int i = 0; i < G_N_ELEMENTS (chain_fixture_network); i++)
        g_assert_true (test_lan_ip (chain_fixture_network[i]));
      f->tap = open_tap ();
    }

  for (unsigned int i = 0; i < FAKE_N_BACKENDS; i++)
    fake_backend_script (i)->external = CHAIN_R1_WAN;
}

void
chain_fixture_tear_down (ChainFixture *f, gconstpointer data)
{
  core_fixture_tear_down (&f->core, NULL);
  if (f->tap >= 0)
    close (f->tap);
  g_byte_array_unref (f->probe);
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
}

static gboolean
is_probe (const guint8 *packet, gsize size)
{
  const struct ip *ip = (const void *) packet;

  return size >= 28 && ip->ip_p == IPPROTO_UDP && packet[22] == PROBE_PORT >> 8 &&
         packet[23] == (PROBE_PORT & 0xff);
}

void
chain_look (ChainFixture *f)
{
  guint8 packet[2048];
  struct sockaddr_ll from;
  socklen_t from_size = sizeof from;
  gssize n;

  while ((n = recvfrom (f->tap, packet, sizeof packet, 0, (struct sockaddr *) &from, &from_size)) >
         0)
    {
      if (from.sll_pkttype == PACKET_OUTGOING)
        continue;
      f->n_packets++;
      if (!is_probe (packet, (gsize) n))
        continue;
      f->n_probes++;
      g_byte_array_set_size (f->probe, 0);
      g_byte_array_append (f->probe, packet, (guint) n);
    }
}

static guint16
checksum (const guint8 *data, gsize size)
{
  guint32 sum = 0;

  for (gsize i = 0; i + 1 < size; i += 2)
    sum += (guint32) (data[i] << 8 | data[i + 1]);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return htons ((guint16) ~sum);
}

static void
fill_icmp (ChainFixture *f, guint8 packet[56], const char *router)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (router);
  struct ip ip = { .ip_v = 4, .ip_hl = 5, .ip_ttl = 64, .ip_p = IPPROTO_ICMP };
  struct icmphdr icmp = { .type = ICMP_TIME_EXCEEDED };
  const struct ip *sent = (const void *) f->probe->data;

  g_assert_cmpuint (f->probe->len, >=, 28);
  ip.ip_len = htons (56);
  memcpy (&ip.ip_src, g_inet_address_to_bytes (address), 4);
  ip.ip_dst = sent->ip_src;
  ip.ip_sum = checksum ((const guint8 *) &ip, sizeof ip);
  memcpy (packet, &ip, sizeof ip);
  memcpy (packet + 28, f->probe->data, 28);
  memcpy (packet + 20, &icmp, sizeof icmp);
  icmp.checksum = checksum (packet + 20, 36);
  memcpy (packet + 20, &icmp, sizeof icmp);
}

void
chain_answer_probe (ChainFixture *f, const char *router)
{
  struct sockaddr_ll to = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons (ETH_P_IP),
    .sll_ifindex = (int) if_nametoindex ("wan1"),
    .sll_halen = 6,
  };
  struct ifreq wan0 = { .ifr_name = "wan0" };
  guint8 packet[56];

  /* The address of the other end of the link. */
  g_assert_cmpint (ioctl (f->tap, SIOCGIFHWADDR, &wan0), ==, 0);
  memcpy (to.sll_addr, wan0.ifr_hwaddr.sa_data, 6);
  fill_icmp (f, packet, router);
  g_assert_cmpint (sendto (f->tap, packet, sizeof packet, 0, (struct sockaddr *) &to, sizeof to),
                   ==, sizeof packet);
  test_loop_settle (&f->core.loop);
}

static void
append_address (GString *text, GInetAddress *address)
{
  g_autofree char *host = address != NULL ? g_inet_address_to_string (address) : g_strdup ("?");

  g_string_append (text, host);
}

void
chain_assert_hops (PlumMapping *mapping, const char *expected)
{
  GListModel *hops = plum_mapping_get_hops (mapping);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (hops); i++)
    {
      g_autoptr (PlumHop) hop = g_list_model_get_item (hops, i);

      g_string_append (text, i > 0 ? ", " : "");
      append_address (text, plum_hop_get_address (hop));
      g_string_append_c (text, ' ');
      append_address (text, plum_hop_get_external_address (hop));
      g_string_append_printf (text, ":%u %s", plum_hop_get_external_port (hop),
                              plum_hop_get_backend_name (hop));
    }
  g_assert_cmpstr (text->str, ==, expected);
}

void
chain_assert_endpoint (PlumMapping *mapping, const char *host, guint port)
{
  core_assert_state (mapping, SUCCESS);
  g_assert_cmpstr (plum_mapping_get_external_host (mapping), ==, host);
  g_assert_cmpuint (plum_mapping_get_external_port (mapping), ==, port);
}

PlumMapping *
chain_add_up (ChainFixture *f, guint internal_port, guint external_port)
{
  PlumMapping *mapping = core_add (&f->core, internal_port, external_port);

  test_loop_advance (&f->core.loop, 1000);
  chain_assert_endpoint (mapping, "1.2.3.4", external_port != 0 ? external_port : internal_port);
  g_assert_null (plum_mapping_get_upstream_error (mapping));
  return mapping;
}

void
chain_clear_log (void)
{
  g_free (fake_backends_take_log ());
}

void
chain_close_manager (ChainFixture *f, gint64 ms)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->core.result);
  plum_manager_close_async (f->core.manager, NULL, test_store_result, &f->core.result);
  test_loop_advance (&f->core.loop, ms);
  g_assert_nonnull (f->core.result);
}
