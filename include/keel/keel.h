/* keel/keel.h - all public headers. */
#ifndef KEEL_H
#define KEEL_H

#include <keel/audit.h>
#include <keel/db.h>
#include <keel/diff.h>
#include <keel/drift.h>
#include <keel/error.h>
#include <keel/generate.h>
#include <keel/migrate.h>
#include <keel/record.h>
#include <keel/schema.h>
#include <keel/source.h>
#include <keel/store.h>
#include <keel/types.h>
#include <keel/version.h>

#endif
