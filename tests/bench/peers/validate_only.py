"""The limit of the path "accept": a bare FastAPI endpoint that only validates the same body and answers."""

import os
from typing import Annotated
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Path

from services.programme.stage.api import Completion
from shared.command import Done

app = FastAPI()


@app.put("/journeys/{journey_id}/stages/{stage}/completion")
async def complete_stage(journey_id: UUID, stage: Annotated[int, Path(ge=1, le=9)], body: Completion) -> Done:
    return Done(id=journey_id, status="completed")


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ["HTTP_PORT"]), loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
