/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/pcp/pcp-backend.c backends/pcp/pcp-map.c backends/common/plum-exchange.c */

#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#include "pcp-backend.h"
#include "pcp-codec.h"
#include "test-loop.h"

/*
 * The input is a program of calls to the backend, delays, and datagrams from the port of the
 * gateway and from another port.
 *
 * After each datagram, checks that a datagram that does not answer a request (RFC 6887 8.3: another
 * sender, opcode, protocol, port or nonce) settles no call, reports nothing and sends nothing.
 */

#define N_PORTS 4
#define FIRST_PORT 1000
#define MAX_CALLS 16
#define MAX_STEPS 64
#define PATIENCE_MS 10000

/* After so many answers that cannot be read, a request is given up, and what it may have mapped is
 * deleted. */
#define MANY_UNREADABLE 4

/* These operations require the external port. */
#define EXACT 128

typedef struct
{
  PlumCall *call;
  gboolean settled;
} Slot;

typedef struct
{
  TestLoop loop;
  PlumBackend *backend;
  GSocket *gateway;
  GSocket *other_socket;  /* at the address of the gateway, with another port */
  GSocketAddress *client; /* NULL before the first request */
  uint8_t request[PCP_PACKET_MAX];
  gssize request_len;        /* size of the last request; 0: none */
  PcpMap requested[N_PORTS]; /* the MAP requests so far; internal port 0: none */
  Slot slots[MAX_CALLS];
  guint n_calls;
  guint n_settled;
  guint n_leases;
  guint n_reports;
  guint n_sent;
  guint n_unreadable; /* since the last answer that can be read */
} Fuzz;

/* The rest of the program. Reads past its end return 0. */
typedef struct
{
  const uint8_t *data;
  size_t size;
} Program;

static uint8_t
next (Program *program)
{
  if (program->size == 0)
    return 0;

  program->size--;
  return *program->data++;
}

static GSocket *
make_socket (GInetAddress *address, guint16 port)
{
  g_autoptr (GSocketAddress) bound = g_inet_socket_address_new (address, port);
  g_autoptr (GError) error = NULL;
  GSocket *s =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (s, FALSE);
  g_socket_bind (s, bound, FALSE, &error);
  g_assert_no_error (error);
  return s;
}

static void
on_lost (PlumBackend *backend, const char *reason, Fuzz *f)
{
  f->n_reports++;
}

static void
on_moved (PlumBackend *backend, GInetAddress *address, Fuzz *f)
{
  f->n_reports++;
}

static void
fuzz_set_up (Fuzz *f)
{
  /* Concurrent runs use different addresses. */
  guint pid = (guint) getpid ();
  g_autofree char *text = g_strdup_printf ("127.66.%u.%u", pid >> 8 & 0xff, 1 + pid % 254);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  g_autoptr (PlumNetwork) network = test_network_new (text, "127.0.0.1");

  memset (f, 0, sizeof *f);
  test_loop_set_up (&f->loop, TRUE);
  f->gateway = make_socket (address, PCP_PORT);
  f->other_socket = make_socket (address, 0);
  f->backend = test_backend_new (PLUM_TYPE_PCP_BACKEND, network);
  g_signal_connect (f->backend, "lost", G_CALLBACK (on_lost), f);
  g_signal_connect (f->backend, "external-address-changed", G_CALLBACK (on_moved), f);
}

static void
fuzz_tear_down (Fuzz *f)
{
  for (guint i = 0; i < f->n_calls; i++)
    {
      plum_call_cancel (f->slots[i].call);
      g_clear_object (&f->slots[i].call);
    }

  test_loop_settle (&f->loop);
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  g_assert_cmpint (plum_clock_get_next_deadline (f->loop.clock), ==, -1);
  g_clear_object (&f->client);
  g_clear_object (&f->other_socket);
  g_clear_object (&f->gateway);
  test_loop_tear_down (&f->loop);
}

/* Compares the fields that identify a mapping. */
static gboolean
is_same_mapping (const PcpMap *a, const PcpMap *b)
{
  return a->protocol == b->protocol && a->internal_port == b->internal_port &&
         memcmp (a->nonce, b->nonce, PCP_NONCE_SIZE) == 0;
}

/* RFC 6887 13.2: the option, without data. */
static const uint8_t prefer_failure[] = { 2, 0, 0, 0 };
/* RFC 7753 4: the header of the option. */
static const uint8_t port_set[] = { 130, 0, 0, 5 };

static void
record_request (Fuzz *f)
{
  PcpMap *map;
  uint32_t port;

  g_assert_cmpint (f->request_len, >=, PCP_HEADER_SIZE);
  g_assert_cmpuint (f->request[0], ==, PCP_VERSION);
  if (f->request[1] != PCP_OPCODE_MAP)
    return;

  if (f->request_len == PCP_MAP_SIZE + PCP_PORT_SET_SIZE)
    g_assert_cmpmem (f->request + PCP_MAP_SIZE, sizeof port_set, port_set, sizeof port_set);
  else if (f->request_len != PCP_MAP_SIZE)
    g_assert_cmpmem (f->request + PCP_MAP_SIZE, f->request_len - PCP_MAP_SIZE, prefer_failure,
                     sizeof prefer_failure);
  port = (guint) f->request[40] << 8 | f->request[41];
  g_assert_cmpuint (port, >=, FIRST_PORT);
  g_assert_cmpuint (port, <, FIRST_PORT + N_PORTS);
  map = &f->requested[port - FIRST_PORT];
  map->protocol = PLUM_PROTOCOL_TCP;
  map->internal_port = (uint16_t) port;
  memcpy (map->nonce, f->request + PCP_HEADER_SIZE, PCP_NONCE_SIZE);
}

/* Iterates the context and receives the requests of the backend. */
static void
fuzz_settle (Fuzz *f)
{
  test_loop_settle (&f->loop);

  for (;;)
    {
      g_autoptr (GSocketAddress) from = NULL;
      gssize n = g_socket_receive_from (f->gateway, &from, (char *) f->request, sizeof f->request,
                                        NULL, NULL);

      if (n < 0)
        return;

      f->request_len = n;
      f->n_sent++;
      g_set_object (&f->client, from);
      record_request (f);
    }
}

static void
on_settled (PlumCall *call, gpointer user_data)
{
  Slot *slot = user_data;

  g_assert_false (slot->settled);
  slot->settled = TRUE;
}

static void
fuzz_count (Fuzz *f)
{
  f->n_settled = 0;
  f->n_leases = 0;
  for (guint i = 0; i < f->n_calls; i++)
    {
      f->n_settled += f->slots[i].settled;
      f->n_leases += plum_call_get_lease (f->slots[i].call) != NULL;
    }
}

static void
fuzz_call (Fuzz *f, PlumCallKind kind, uint8_t which)
{
  guint port = FIRST_PORT + which % N_PORTS;
  g_autoptr (PlumRequest) request = which >= EXACT
                                      ? test_request_new_exact (PLUM_PROTOCOL_TCP, port, port)
                                      : test_request_new (PLUM_PROTOCOL_TCP, port, port, 7200, 1);
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, port, 7200, NULL);
  PlumCallArgs args = { .request = request, .lease = lease };
  Slot *slot = &f->slots[f->n_calls];

  if (f->n_calls == MAX_CALLS)
    return;

  f->n_calls++;
  slot->call = plum_backend_call (f->backend, kind, &args, PATIENCE_MS, on_settled, slot);
}

/* The permitted effects of a datagram, derived from its bytes. */
typedef enum {
  MAY_DO_NOTHING,
  MAY_SEND, /* may cause requests; must not report anything or settle an unrelated call */
  MAY_FAIL, /* may fail pending calls; must not grant or report anything */
  MAY_DO_ANYTHING,
} Effect;

static Effect
get_permitted_effect (Fuzz *f, const uint8_t *data, size_t size)
{
  PcpReply reply;

  if (!pcp_decode_reply (data, size, &reply, NULL))
    return ++f->n_unreadable < MANY_UNREADABLE ? MAY_DO_NOTHING : MAY_FAIL;

  f->n_unreadable = 0;
  if (reply.kind == PCP_REPLY_VERSION)
    return MAY_FAIL;
  if (reply.kind == PCP_REPLY_ANNOUNCE)
    return MAY_SEND;

  for (guint i = 0; i < N_PORTS; i++)
    {
      if (is_same_mapping (&f->requested[i], &reply.map))
        return MAY_DO_ANYTHING;
    }

  return MAY_DO_NOTHING;
}

static void
fuzz_receive (Fuzz *f, GSocket *from, const uint8_t *data, size_t size)
{
  Effect effect = from == f->gateway ? get_permitted_effect (f, data, size) : MAY_DO_NOTHING;
  Fuzz before;

  if (f->client == NULL)
    return;

  fuzz_settle (f);
  fuzz_count (f);
  before = *f;

  g_socket_send_to (from, f->client, (const char *) data, size, NULL, NULL);
  fuzz_settle (f);
  fuzz_count (f);

  if (effect == MAY_DO_NOTHING)
    {
      g_assert_cmpuint (f->n_settled, ==, before.n_settled);
      g_assert_cmpuint (f->n_sent, ==, before.n_sent);
    }
  if (effect == MAY_DO_NOTHING || effect == MAY_FAIL)
    g_assert_cmpuint (f->n_reports, ==, before.n_reports);
  if (effect != MAY_DO_ANYTHING)
    g_assert_cmpuint (f->n_leases, ==, before.n_leases);
}

/* A correct answer to the last request, with up to one modified byte. */
static void
fuzz_answer (Fuzz *f, GSocket *from, Program *program)
{
  uint8_t answer[PCP_PACKET_MAX];
  size_t size = (size_t) f->request_len;
  uint8_t at, change;

  if (size == 0)
    return;

  memcpy (answer, f->request, size);
  memset (answer + 2, 0, PCP_HEADER_SIZE - 2);
  answer[1] |= 0x80;
  answer[3] = next (program) % 16; /* result */
  answer[6] = next (program);      /* lifetime */
  answer[10] = next (program);     /* epoch */
  answer[11] = next (program);
  at = next (program);
  change = next (program);
  answer[at % size] ^= change;
  fuzz_receive (f, from, answer, size);
}

static void
fuzz_raw (Fuzz *f, GSocket *from, Program *program)
{
  size_t requested_size = next (program);
  size_t size = MIN (requested_size, program->size);
  const uint8_t *data = program->data;

  program->data += size;
  program->size -= size;
  fuzz_receive (f, from, data, size);
}

/* All ports in one turn: a set of ports (RFC 7753). */
static void
fuzz_range (Fuzz *f, PlumCallKind kind, uint8_t flags)
{
  for (uint8_t i = 0; i < N_PORTS; i++)
    fuzz_call (f, kind, (uint8_t) (i | (flags & EXACT)));
}

static void
fuzz_step (Fuzz *f, Program *program)
{
  switch (next (program) % 11)
    {
    case 9:
      fuzz_range (f, PLUM_CALL_MAP, next (program));
      break;
    case 10:
      fuzz_range (f, PLUM_CALL_UNMAP, next (program));
      break;
    case 0:
      fuzz_call (f, PLUM_CALL_MAP, next (program));
      break;
    case 1:
      fuzz_call (f, PLUM_CALL_UNMAP, next (program));
      break;
    case 2:
      fuzz_call (f, PLUM_CALL_DISCOVER, 0);
      break;
    case 3:
      fuzz_call (f, PLUM_CALL_CHECK, next (program));
      break;
    case 4:
      test_loop_advance (&f->loop, next (program) * 20);
      break;
    case 5:
      fuzz_answer (f, f->gateway, program);
      break;
    case 6:
      fuzz_answer (f, f->other_socket, program);
      break;
    case 7:
      fuzz_raw (f, f->gateway, program);
      break;
    case 8:
    default:
      fuzz_raw (f, f->other_socket, program);
      break;
    }

  fuzz_settle (f);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Program program = { data, size };
  Fuzz f;

  fuzz_set_up (&f);
  for (guint i = 0; i < MAX_STEPS && program.size > 0; i++)
    fuzz_step (&f, &program);
  fuzz_tear_down (&f);
  return 0;
}
