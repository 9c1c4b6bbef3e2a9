/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-backend-private.h"
#include "plum-settings-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The competition between the backends of one gateway. Each backend is a candidate; its index is
 * its rank and does not change. All candidates discover the gateway at the same time. After the
 * first success, a grace period gives better candidates time to answer. */
typedef struct _PlumRace PlumRace;

typedef struct
{
  PlumBackend *backend;
  PlumProbe *probe;
  PlumCall *call; /* (nullable): the pending discovery */
} PlumCandidate;

typedef enum {
  PLUM_PICK_READY,
  PLUM_PICK_WAIT,
  PLUM_PICK_NONE,
} PlumPick;

typedef enum {
  PLUM_RACE_CHANGED,       /* a candidate was decided, or the grace period has ended */
  PLUM_RACE_DECIDED,       /* every candidate is decided; follows PLUM_RACE_CHANGED */
  PLUM_RACE_NAME_CHANGED,  /* plum_race_get_backend_name() has changed */
  PLUM_RACE_SUSPECTED,     /* the router may have lost the present leases of backend */
  PLUM_RACE_LOST,          /* follows PLUM_RACE_SUSPECTED, at once or after a pause */
  PLUM_RACE_APPEARED,      /* backend has heard the router, and can map */
  PLUM_RACE_BACKEND_EVENT, /* backend reports backend_event: none of the above */
} PlumRaceEventKind;

/* Fields that do not apply are NULL. All borrowed. */
typedef struct
{
  PlumRaceEventKind kind;
  PlumBackend *backend;
  const PlumBackendEvent *backend_event;
} PlumRaceEvent;

typedef struct
{
  /* Whether traffic and notes have a receiver. */
  gboolean (*is_observed) (gpointer user_data);
  void (*handle_event) (const PlumRaceEvent *event, gpointer user_data);
} PlumRaceClient;

/* settings must outlive the race, and user_data is used until the race is closed. */
PlumRace *plum_race_new (PlumNetwork *network,
                         GPtrArray *backend_infos,
                         GMainContext *context,
                         const PlumSettings *settings,
                         PlumSignalQueue *signals,
                         const PlumRaceClient *client,
                         gpointer user_data);
/* Call plum_race_close() first. */
void plum_race_free (PlumRace *self);
/* Closes the backends; their pending calls fail. */
void plum_race_close (PlumRace *self);

guint plum_race_get_n_candidates (PlumRace *self);
/* Why some backends are no candidates, such as an unknown name, for people. (nullable) */
const char *plum_race_get_defects (PlumRace *self);
PlumCandidate *plum_race_get_candidate (PlumRace *self, guint index);
/* A list of PlumProbe, in the order of the candidates. (transfer none) */
GListModel *plum_race_get_probes (PlumRace *self);
/* The best candidate that can map. (nullable), interned */
const char *plum_race_get_backend_name (PlumRace *self);
gboolean plum_race_is_decided (PlumRace *self);

/* Starts the discovery of every candidate that needs one. again: include the candidates that have
 * failed, unless they failed only recently. */
void plum_race_discover (PlumRace *self, gboolean again);
/* The next discovery probes all that have failed, however recently. */
void plum_race_forget_failures (PlumRace *self);
/* Picks the best candidate from the index first on. tried: (nullable): for each candidate, whether
 * to skip it. */
PlumPick plum_race_pick (PlumRace *self, guint first, const gboolean *tried, guint *index);
/* Notes the result of a call to a candidate; error NULL: success. After a timeout, and if no
 * program has the port, the candidate and the others of its server are suspect: the next
 * plum_race_discover() probes each once for all users. After a timeout, the others of its server
 * are then picked before it. */
void plum_race_note_outcome (PlumRace *self, guint index, const GError *error);
/* Whether two candidates send their requests to the same server of the router. */
gboolean plum_race_shares_server (PlumRace *self, guint index, guint other);
/* Has the backends listen for announcements of the router, or stop it. */
void plum_race_listen (PlumRace *self, gboolean listen);
/* Whether the candidate did not ask the router, because it does not apply to this network. */
gboolean plum_race_is_inapplicable (PlumRace *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumRace, plum_race_free)

G_END_DECLS
