// SPDX-License-Identifier: Apache-2.0
#include "tiepoint/io/colmap_rigs.h"

namespace tiepoint {
namespace {

constexpr int kCameraSensor = 0;  // a camera among sensors

}  // namespace

bool HasColmapRigs(const SqliteConnection& connection) {
  return !connection.Columns("rigs").empty() &&
         !connection.Columns("frames").empty() &&
         !connection.Columns("frame_data").empty();
}

int ColmapRigOf(const SqliteConnection& connection, int camera_id) {
  SqliteStatement own(connection,
                      "SELECT rig_id FROM rigs WHERE ref_sensor_id = ? AND "
                      "ref_sensor_type = ?");
  if (own.Bind(camera_id).Bind(kCameraSensor).Next()) {
    return static_cast<int>(own.Integer(0));
  }
  SqliteStatement shared(connection,
                         "SELECT rig_id FROM rig_sensors WHERE sensor_id = ? "
                         "AND sensor_type = ?");
  if (shared.Bind(camera_id).Bind(kCameraSensor).Next()) {
    return static_cast<int>(shared.Integer(0));
  }
  SqliteStatement(connection,
                  "INSERT INTO rigs (ref_sensor_id, ref_sensor_type) VALUES "
                  "(?,?)")
      .Bind(camera_id)
      .Bind(kCameraSensor)
      .Insert();
  return connection.LastId();
}

void AddColmapFrame(const SqliteConnection& connection, int image_id,
                    int camera_id) {
  const int rig = ColmapRigOf(connection, camera_id);
  SqliteStatement(connection, "INSERT INTO frames (rig_id) VALUES (?)")
      .Bind(rig)
      .Insert();
  const int frame = connection.LastId();
  SqliteStatement(connection,
                  "INSERT INTO frame_data (frame_id, data_id, sensor_id, "
                  "sensor_type) VALUES (?,?,?,?)")
      .Bind(frame)
      .Bind(image_id)
      .Bind(camera_id)
      .Bind(kCameraSensor)
      .Insert();
}

}  // namespace tiepoint
