/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "interrupts.h"

typedef struct _Session Session;

/* The run of a command: the manager, the main loop, and the handling of requests to stop. */
struct _Session
{
  PlumManager *manager;
  GMainLoop *loop;
  int exit_code;
  int interrupt_code; /* the exit status after a request to stop */
  guint reader_id;
  gboolean closing;
  gboolean reloads; /* whether SIGHUP is no request to stop */

  /* If set, called instead of closing. */
  void (*interrupted) (Session *self, Interrupt interrupt);
};

gboolean session_init (Session *self);
void session_clear (Session *self);
void session_close_with_reader (Session *self);
int session_run (Session *self);
void session_quit (Session *self, int exit_code);
void session_close (Session *self, int exit_code);
