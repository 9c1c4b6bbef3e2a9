/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-announcements.h"
#include "plum-exchange.h"
#include "plum-lease-table.h"
#include "plum-server-probe.h"

G_BEGIN_DECLS

/*
 * One backend's session with one gateway over UDP, for PCP (RFC 6887) and NAT-PMP (RFC 6886). It
 * has the socket, the requests in flight, the server probe, the announcements, the lease table, the
 * gateway's epoch and its external address. The protocol provides the packets and their meaning.
 */
typedef struct _PlumUdpSession PlumUdpSession;

typedef struct _PlumUdpOperation PlumUdpOperation;

/* s: no lease is longer, whatever the gateway grants (RFC 6887 15: one day). */
#define PLUM_UDP_LIFETIME_MAX 86400u

/* What a protocol provides. backend is the one of the session. */
typedef struct
{
  const char *label; /* the start of each message */
  const char *log_domain;
  guint16 port;
  guint window;       /* as in plum_exchanges_new () */
  guint n_slot_sends; /* as in plum_exchanges_new () */
  const PlumRetryPlan *map_plan;

  /* The epochs of two answers, and the times when they arrived, in seconds. FALSE: the gateway was
   * restarted in between. */
  gboolean (*epoch_is_valid) (int64_t prev_server,
                              int64_t prev_client,
                              int64_t cur_server,
                              int64_t cur_client);
  /* (nullable): why the gateway of the network cannot be used. The network has a gateway. */
  const char *(*check_network) (PlumNetwork *network);
  /* Requests a live mapping once more, for no call. */
  void (*refresh) (PlumBackend *backend, const PlumExchangeKey *key);
  /* The gateway answers an operation with what cannot be read: finishes it, and deletes what the
   * gateway may have mapped. error: (transfer full) */
  void (*give_up) (PlumUdpOperation *operation, GError *error);
  /* (nullable): what the operation has sent is no longer pending: it finishes, or sends another
   * request. */
  void (*left) (PlumUdpOperation *operation);
  size_t (*encode_probe) (PlumUdpSession *session, uint8_t *out, size_t size);
  /* (nullable): the probe is not answered yet, after its last send. */
  void (*probe_late) (PlumBackend *backend);
  /* The calls that waited for the probe have finished. error: (nullable) */
  void (*probe_finished) (PlumBackend *backend, const GError *error);
  /* A datagram from the gateway. FALSE: it is malformed, and changes nothing. */
  gboolean (*receive) (PlumBackend *backend, const uint8_t *data, size_t len, GError **error);
} PlumUdpProtocol;

/* Read-only for the protocols. */
struct _PlumUdpSession
{
  PlumBackend *backend; /* borrowed */
  const PlumUdpProtocol *protocol;

  PlumExchanges *exchanges;
  PlumServerProbe *probe;
  PlumLeaseTable *leases;
  PlumAnnouncements *announcements; /* (nullable): from the first discovery or mapping on */
  gboolean listening;               /* a mapping waits for the gateway */
  gboolean announced;               /* see plum_udp_session_take_announced () */

  GInetAddress *external_address; /* (nullable): unknown, or the gateway has none */
  gboolean address_known;         /* the gateway has reported it, or that there is none */
  gint64 address_time;            /* when it did */

  gboolean silent; /* the last probe failed */

  GQueue operations;       /* (element-type PlumUdpOperation): all that are pending */
  guint n_malformed;       /* datagrams since the last one that could be read */
  GError *malformed_error; /* (nullable): why the last one could not be read */

  gboolean epoch_known;
  gint64 epoch_server; /* s */
  gint64 epoch_client; /* s, when epoch_server came */
};

PlumUdpSession *plum_udp_session_new (PlumBackend *backend, const PlumUdpProtocol *protocol);
void plum_udp_session_free (PlumUdpSession *self);
/* The gateway, for messages. */
const char *plum_udp_session_get_peer (PlumUdpSession *self);
gboolean plum_udp_session_is_ipv4 (PlumUdpSession *self);

/* These return FALSE and fail the call if the request cannot be sent: the network has no gateway
 * that the protocol can ask; there is no socket; the gateway refused the same request a short time
 * ago. exact: the external port is required. */
gboolean plum_udp_session_check_network (PlumUdpSession *self, PlumCall *call);
gboolean plum_udp_session_open (PlumUdpSession *self, PlumCall *call);
gboolean plum_udp_session_check_hold (PlumUdpSession *self,
                                      const PlumExchangeKey *key,
                                      guint external_port,
                                      gboolean exact,
                                      PlumCall *call);

/* The same for a deletion of an entry: the protocol cannot delete entries of other hosts, and must
 * not delete several at once. */
gboolean plum_udp_session_check_entry (PlumUdpSession *self, PlumEntry *entry, PlumCall *call);

/* The methods of PlumBackend, by the server probe. */
void plum_udp_session_discover (PlumUdpSession *self, PlumCall *call);
void plum_udp_session_check (PlumUdpSession *self, PlumCall *call);
/* Fails all requests in flight and queued: the answer applies to each of them. */
void plum_udp_session_fail_all (PlumUdpSession *self, const GError *error);

/* Whether announcements of the gateway are reported, because a mapping waits for it. */
void plum_udp_session_listen (PlumUdpSession *self, gboolean listen);

/* A request for a mapping, and its answer. */
typedef struct
{
  const PlumExchangeKey *key;
  uint16_t requested_port;
  uint16_t port;
  uint32_t requested; /* s */
  uint32_t lifetime;  /* s, as granted */
  gboolean is_update; /* no call requested it: the lease that core has ends as before */
} PlumUdpGrant;

/* Adds a granted mapping to the lease table. TRUE: it was live with another external address. */
gboolean plum_udp_session_add_lease (PlumUdpSession *self,
                                     const PlumUdpGrant *grant,
                                     GInetAddress *external_address);
/* Core gets what is left of the last grant as a lease. Returns its lifetime in seconds; 0: nothing
 * is left. */
uint32_t plum_udp_session_share_lease (PlumUdpSession *self, PlumLeaseTableRow *row);
/* Whether an answer that no request waits for contradicts the one that came just before it: one of
 * the two is forged. If so, the mapping is requested again; the answer to that decides. */
gboolean plum_udp_session_doubts (PlumUdpSession *self,
                                  const PlumExchangeKey *key,
                                  uint16_t port,
                                  uint32_t lifetime);
/* The answer to a refresh: adds it. Reports a loss if the mapping is not where it was; call it
 * last. */
void plum_udp_session_add_refresh (PlumUdpSession *self,
                                   const PlumUdpGrant *grant,
                                   GInetAddress *external_address);

void plum_udp_session_remove_lease (PlumUdpSession *self, const PlumExchangeKey *key);

/* The gateway announces a restart: starts the probe. */
void plum_udp_session_note_announcement (PlumUdpSession *self, const char *why);
/* Whether the epoch of an unsolicited answer is low and behind the expected one: it may be a
 * restart that the epoch alone does not show. */
gboolean plum_udp_session_is_young (PlumUdpSession *self, uint32_t epoch);
/* The probe was answered with an epoch. If an announcement caused it, and the epoch shows no
 * restart: refreshes all mappings if the gateway has just started; else returns TRUE. */
gboolean plum_udp_session_serve_announcement (PlumUdpSession *self, uint32_t epoch);

/* address: (nullable): the gateway has none. TRUE: it differs from the last one. */
gboolean plum_udp_session_set_external_address (PlumUdpSession *self, GInetAddress *address);
gboolean plum_udp_session_is_external_address (PlumUdpSession *self, GInetAddress *address);
gboolean plum_udp_session_address_is_fresh (PlumUdpSession *self);

/* (transfer full): the error of a request whose answers could not be read. */
GError *plum_udp_session_make_unreadable_error (PlumUdpSession *self);

/* Whether an epoch fits the last one. */
gboolean plum_udp_session_epoch_fits (PlumUdpSession *self, uint32_t epoch);
/* Reports a loss if the epoch does not fit. Call it last: the handler may free the session. */
void plum_udp_session_note_epoch (PlumUdpSession *self, uint32_t epoch);

G_END_DECLS
