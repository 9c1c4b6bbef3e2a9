/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-clock-private.h"
#include "plum-race-private.h"

G_BEGIN_DECLS

/* The fields of PlumRace, for its own files only: plum-race-pick.c <- plum-race.c */

typedef struct
{
  PlumCandidate parent;

  PlumRace *race;
  gint64 started;           /* of the last discovery */
  gint64 decided;           /* 0: never, or it counts no longer */
  gboolean settled_at_once; /* the last discovery: without asking the router */
  gboolean suspect;         /* it can map, but its last call, or one of its server, timed out */
  gboolean silent;          /* its last request for a mapping timed out */
  gint64 lost;              /* time of the last loss that was acted on; 0: never */
  gint64 lost_pause;        /* in microseconds */
  PlumTimer lost_timer;
  gint64 announced; /* when an announcement was last acted on; 0: never */
  PlumTimer announced_timer;
  gboolean awaited; /* the pending discovery follows an announcement */
} Candidate;

struct _PlumRace
{
  PlumClock *clock;
  const PlumSettings *settings;
  PlumSignalQueue *signals;
  const PlumRaceClient *client;
  gpointer user_data;
  gboolean closed;

  GPtrArray *candidates; /* (element-type Candidate), best first */
  GListStore *probes;
  char *defects; /* (nullable): why backends cannot be used */
  PlumTimer grace;
  gboolean grace_ended;
  PlumTimer settle;
  gboolean settled;
  const char *backend_name; /* (nullable), interned */
};

/* --- plum-race-pick.c --- */

gboolean plum_race_candidate_can_map (Candidate *candidate);
/* It can map, and its last call did not time out. */
gboolean plum_race_candidate_is_ready (Candidate *candidate);

G_END_DECLS
