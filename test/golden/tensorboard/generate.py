"""Writes events.json: an event file by tensorboard's own writer, with what is in it. Needs tensorboard (pip)."""
import base64, io, json, tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

lines = [
    {"step": 0, "time": 1790000000.25, "metrics": {"eval_reward": 0.125}},
    {"step": 1, "time": 1790000001.5, "metrics": {"loss": 2.5, "reward": -0.1}},
    {"step": 300, "time": 1790000300.0, "metrics": {"loss": 1e-7, "rewards/näher/mean": 3.0}},
    {"step": 5000000000, "time": 1790005000.0, "metrics": {"num_tokens": 123456789.0}},
]
stream = io.BytesIO()
stream.close = lambda: None
writer = RecordWriter(stream)
writer.write(Event(wall_time=lines[0]["time"], file_version="brain.Event:2").SerializeToString())
for line in lines:
    values = [Summary.Value(tag=key, simple_value=value) for key, value in line["metrics"].items()]
    event = Event(wall_time=line["time"], step=line["step"], summary=Summary(value=values))
    writer.write(event.SerializeToString())
golden = {
    "tensorboard": tensorboard.__version__,
    "lines": lines,
    "bytes": base64.b64encode(stream.getvalue()).decode(),
}
with open("events.json", "w") as file:
    json.dump(golden, file, indent=1, ensure_ascii=False)
