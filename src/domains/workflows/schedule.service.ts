import type { ServiceContext } from '../service-context.ts';
import type { CreateScheduleInput, DeleteScheduleInput, UpdateScheduleInput } from './schedule.input.ts';

export interface ScheduleService {
  create(cx: ServiceContext, input: CreateScheduleInput): Promise<{ scheduleId: string; replayed: boolean }>;
  update(cx: ServiceContext, input: UpdateScheduleInput): Promise<{ scheduleId: string }>;
  remove(cx: ServiceContext, input: DeleteScheduleInput): Promise<{ scheduleId: string }>;
}
export declare function createScheduleService(): ScheduleService;
